package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigurationOfTheNode finds what the container runtime would take.
func TestConfigurationOfTheNode(t *testing.T) {
	const (
		flannel  = `{"cniVersion":"1.0.0","name":"cbr0","plugins":[{"type":"flannel"}]}`
		inAList  = `{"cniVersion":"1.0.0","name":"first","plugins":[{"type":"multus","kubeconfig":"/k","colour":1}]}`
		alone    = `{"cniVersion":"1.0.0","name":"second","type":"multus","kubeconfig":"/k"}`
		mistaken = `{"cniVersion":"1.0.0","name":"wrong","type":"multus"}`
	)
	tests := map[string]struct {
		files   map[string]string
		name    string // of the configuration; empty: none
		warning string
		fault   string
	}{
		"by name":            {files: map[string]string{"00-a.conflist": flannel, "20-b.conf": alone, "10-c.conflist": inAList}, name: "first", warning: `"colour" is unknown`},
		"no other files":     {files: map[string]string{"00-a.yaml": alone, "10-b.json": inAList, "01-c.conf.bak": alone}, name: "first", warning: "colour"},
		"broken ones before": {files: map[string]string{"00-a.conf": "{", "10-b.conf": "", "20-c.conf": alone}, name: "second"},
		"a mistake in it":    {files: map[string]string{"00-a.conf": mistaken, "10-b.conf": alone}, fault: `clusterNetwork: no network at all`},
		"others alone":       {files: map[string]string{"00-a.conflist": flannel, "10-b.conf": ""}, fault: "10-b.conf: nothing in it"},
		"an empty directory": {fault: "no multus configuration in it; name the multus configuration with --conf FILE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var warnings strings.Builder
			conf, err := streams{err: &warnings}.confOfNode("", dir)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("%q is not in: %v", tt.fault, err)
				}
				return
			}
			if err != nil || conf.Name != tt.name || !strings.Contains(warnings.String(), tt.warning) {
				t.Errorf("configuration %q, warnings %q, error %v", conf.Name, &warnings, err)
			}
		})
	}
	if _, err := (streams{}).confOfNode("", filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "--conf FILE") || strings.Contains(err.Error(), "-f FILE") {
		t.Errorf("no dir: %v", err)
	}
}

package kube

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

// What a process pays for that makes one request: kubeconfig, TLS and all.
func BenchmarkFirstPod(b *testing.B) {
	s := cnitest.NewAPIServer(b, podA)
	kubeconfig := s.KubeconfigFile(b)
	b.ReportAllocs()
	for b.Loop() {
		c, err := Dial(kubeconfig)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Pod(b.Context(), "default", "a"); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

// And one whose first requests are eight at once.
func BenchmarkFirstDefinitions(b *testing.B) {
	s := cnitest.NewAPIServer(b)
	var refs []plan.Ref
	for i := range 8 {
		ref := plan.Ref{Namespace: "default", Name: fmt.Sprintf("net-%d", i)}
		refs = append(refs, ref)
		if err := s.Put([]byte(nad(ref.Namespace, ref.Name, `{"type":"x"}`))); err != nil {
			b.Fatal(err)
		}
	}
	kubeconfig := s.KubeconfigFile(b)
	b.ReportAllocs()
	for b.Loop() {
		c, err := Dial(kubeconfig)
		if err != nil {
			b.Fatal(err)
		}
		for ref, answer := range c.Definitions(b.Context(), plan.KindNAD, refs) {
			if answer.Err != nil {
				b.Fatalf("%s: %v", ref, answer.Err)
			}
		}
		c.Close()
	}
}

// Each request after that.
func BenchmarkPod(b *testing.B) {
	c := dial(b, cnitest.NewAPIServer(b, podA))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Pod(b.Context(), "default", "a"); err != nil {
			b.Fatal(err)
		}
	}
}

// What it takes to read the same kubeconfig as JSON and as YAML.
func BenchmarkKubeconfig(b *testing.B) {
	asJSON := cnitest.NewAPIServer(b).KubeconfigFile(b)
	text, err := os.ReadFile(asJSON)
	if err != nil {
		b.Fatal(err)
	}
	text, err = yaml.JSONToYAML(text)
	if err != nil {
		b.Fatal(err)
	}
	asYAML := filepath.Join(b.TempDir(), "kubeconfig")
	if err := os.WriteFile(asYAML, text, 0o600); err != nil {
		b.Fatal(err)
	}
	for name, file := range map[string]string{"JSON": asJSON, "YAML": asYAML} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (&Client{kubeconfig: file}).newLink(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

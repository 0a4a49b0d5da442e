package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTryUsage(t *testing.T) {
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"help":              {[]string{"--help"}, exitOK, "--remove ID"},
		"no files":          {nil, exitUsage, "no files given: -f FILE"},
		"file without -f":   {[]string{"pods.yaml"}, exitUsage, `"pods.yaml": files are given with -f`},
		"remove with files": {[]string{"--remove", "0a", "-f", "x"}, exitUsage, "--remove stands alone"},
		"no such directory": {[]string{"-f", "x", "--bin", "/no/such"}, exitUsage, `"/no/such" for "--bin" flag: no such directory`},
		"unknown flag":      {[]string{"--kep"}, exitUsage, "--kep"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			code := commandLine(t.Context(), streams{in: strings.NewReader(""), out: &out, err: &out}, append([]string{"try"}, tt.args...))
			if code != tt.code || !strings.Contains(out.String(), tt.want) {
				t.Errorf("exit code %d, want %d with %q:\n%s", code, tt.code, tt.want, &out)
			}
		})
	}
}

package kube

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/plan"
)

// What a plugin gets wrong is said once, with the cure, and without its secrets.
func TestExecFaults(t *testing.T) {
	const head = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":`
	me, other := newPair(t, "me"), newPair(t, "other")
	tests := map[string]struct {
		script string
		want   string
	}{
		"exit status":       {script: "echo geheim; echo geheim >&2; exit 3", want: "failed with exit code 3"},
		"no output":         {script: ":", want: "plugin returned version"},
		"no JSON":           {script: "echo geheim", want: "decoding stdout"},
		"wrong type":        {script: "echo '" + head + `{"token":{"geheim":1}}}'`, want: "decoding stdout"},
		"wrong kind":        {script: `echo '{"kind":"Secret","apiVersion":"client.authentication.k8s.io/v1"}'`, want: `no kind "Secret"`},
		"empty status":      {script: "echo '" + head + "{}}'", want: "didn't return a token or cert/key pair"},
		"certificate alone": {script: "echo '" + head + `{"clientCertificateData":"geheim"}}'`, want: "not both"},
		"foreign key":       {script: printing(t, map[string]string{"clientCertificateData": me.cert, "clientKeyData": other.key}), want: "client key/certificate"},
		"too much":          {script: "while :; do echo geheimgeheimgeheimgeheimgeheimgeheimgeheimgeheimgeheimgeheimgeheimgeheim; done", want: "no credential in time"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := kubeconfig(t, "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true", execUser)
			script(t, config, "echo run >> runs\n"+tt.script)
			_, err := open(t, config).Pod(within(t, time.Second), "default", "a")
			fails(t, err, plan.ErrUnavailable, tt.want, config, filepath.Join(filepath.Dir(config), "plugin"))
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("error %q gives away what the plugin said", err)
			}
			if runs := strings.Count(readBeside(t, config, "runs"), "run"); runs != 1 {
				t.Errorf("the plugin was run %d times", runs)
			}
		})
	}
}

func TestExecMissing(t *testing.T) {
	t.Chdir(t.TempDir())                                                                     // a plugin of the working folder is none of the kubeconfig's
	if err := os.WriteFile("multus-test-plugin", []byte("#!/bin/sh\n"), 0o700); err != nil { //nolint:gosec // it could be run
		t.Fatal(err)
	}
	const user = "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: COMMAND, installHint: \"get it\\n\\x1b[31mthere\"}"
	tests := map[string]struct{ command, check, ask string }{
		"not in PATH":      {command: "multus-test-plugin", check: "executable file not found in $PATH", ask: "not found"},
		"not in directory": {command: "./multus-test-plugin", check: "no such file or directory", ask: "no such file or directory"},
		"not executable":   {command: "/etc/passwd", check: "permission denied", ask: "permission denied"},
		"a directory":      {command: "/etc", check: "is a directory", ask: "permission denied"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := kubeconfig(t, "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true", strings.Replace(user, "COMMAND", tt.command, 1))
			began := time.Now()
			c := open(t, config)
			fails(t, c.Check(), plan.ErrUnavailable, "user.exec.command: ", tt.check, "install it, or correct its name", config)
			_, err := c.Pod(within(t, 5*time.Second), "default", "a")
			fails(t, err, plan.ErrUnavailable, "exec plugin", strings.TrimPrefix(tt.command, "."), tt.ask, config)
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error %q is not on one line", err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("tried for %s, which helps nothing", took)
			}
		})
	}
}

// A plugin that is given up takes its children with it.
func TestExecIsKilledWhole(t *testing.T) {
	config := kubeconfig(t, "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true", execUser)
	script(t, config, "sleep 30 &\necho $! > child\nwait")
	err := reach(within(t, time.Second), open(t, config))
	fails(t, err, plan.ErrUnavailable, "no credential in time; does "+filepath.Join(filepath.Dir(config), "plugin")+" hang", config)
	pid, err := strconv.Atoi(strings.TrimSpace(readBeside(t, config, "child")))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		state, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the plugin's child lives on: %v", syscall.Kill(pid, syscall.SIGKILL))
}

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
		again  bool
	}{
		"exit status":       {script: "echo geheim; echo geheim >&2; exit 3", want: "it ended with exit status 3", again: true},
		"signal":            {script: "kill -TERM $$", want: "it ended with signal: terminated", again: true},
		"no output":         {script: ":", want: "no ExecCredential in JSON"},
		"no JSON":           {script: "echo geheim", want: "no ExecCredential in JSON"},
		"wrong type":        {script: "echo '" + head + `{"token":{"geheim":1}}}'`, want: "no ExecCredential in JSON"},
		"two documents":     {script: "echo '" + head + `{"token":"geheim"}}{}'`, want: "no ExecCredential in JSON"},
		"wrong kind":        {script: `echo '{"kind":"geheim","apiVersion":"client.authentication.k8s.io/v1"}'`, want: "not of kind ExecCredential"},
		"wrong version":     {script: `echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"geheim"}}'`, want: "not of apiVersion client.authentication.k8s.io/v1,"},
		"no status":         {script: "echo '" + head + "null}'", want: "neither status.token nor"},
		"empty status":      {script: "echo '" + head + "{}}'", want: "neither status.token nor"},
		"certificate alone": {script: "echo '" + head + `{"clientCertificateData":"geheim"}}'`, want: "needs both"},
		"key alone":         {script: "echo '" + head + `{"token":"geheim","clientKeyData":"geheim"}}'`, want: "needs both"},
		"no certificate":    {script: "echo '" + head + `{"clientCertificateData":"geheim","clientKeyData":"geheim"}}'`, want: "the client certificate it printed: "},
		"foreign key":       {script: printing(t, map[string]string{"clientCertificateData": me.cert, "clientKeyData": other.key}), want: "the client certificate it printed: "},
		"too much":          {script: "while :; do echo geheimgeheimgeheimgeheimgeheimgeheimgeheimgeheimgeheimgeheimgeheimgeheim; done", want: "it printed more than 1 MiB"},
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
			if runs := strings.Count(readBeside(t, config, "runs"), "run"); (runs > 1) != tt.again {
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
	tests := map[string]struct{ command, want string }{
		"not in PATH":    {command: "multus-test-plugin", want: "exec plugin multus-test-plugin: executable file not found in $PATH; get it  [31mthere"},
		"not in folder":  {command: "./multus-test-plugin", want: "multus-test-plugin: no such file or directory; get it  [31mthere"},
		"not executable": {command: "/etc/passwd", want: "exec plugin /etc/passwd: permission denied; get it"},
		"a folder":       {command: "/etc", want: "exec plugin /etc: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := kubeconfig(t, "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true", strings.Replace(user, "COMMAND", tt.command, 1))
			began := time.Now()
			_, err := open(t, config).Pod(within(t, 5*time.Second), "default", "a")
			fails(t, err, plan.ErrUnavailable, tt.want, config)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("tried for %s, which helps nothing", took)
			}
		})
	}
	config := kubeconfig(t, "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true", strings.Replace(strings.Replace(user, "COMMAND", "./no", 1), "installHint", "x", 1))
	_, err := open(t, config).Pod(within(t, 5*time.Second), "default", "a")
	fails(t, err, plan.ErrUnavailable, "install it, or correct user.exec.command")
}

// A plugin that is given up takes its children with it.
func TestExecIsKilledWhole(t *testing.T) {
	config := kubeconfig(t, "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true", execUser)
	script(t, config, "sleep 30 &\necho $! > child\nwait")
	err := open(t, config).Ready(within(t, time.Second))
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

func FuzzExecCredential(f *testing.F) {
	for _, seed := range []string{
		"", "null", "[]", `{"status":null}`, `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"\u0000"}}`,
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"-----BEGIN CERTIFICATE-----\n","clientKeyData":"-----BEGIN"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readCredential(data, execV1)
		if err == nil && got.token == "" && got.cert == nil {
			t.Errorf("%q is taken for a credential", data)
		}
	})
}

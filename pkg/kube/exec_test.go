package kube

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

// execUser is a user whose plugin is the shell script beside the kubeconfig.
const execUser = "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin, provideClusterInfo: true, " +
	"args: [one, 'two words'], env: [{name: EXTRA, value: 'a=b c'}]}"

// script writes an exec plugin beside the kubeconfig.
func script(t *testing.T, config, text string) {
	t.Helper()
	beside(t, config, "plugin", "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n"+text+"\n")
	if err := os.Chmod(filepath.Join(filepath.Dir(config), "plugin"), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
}

// printing is a script that prints an ExecCredential of that status.
func printing(t *testing.T, status map[string]string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status})
	cnitest.Must(t, err)
	return "cat <<'END'\n" + string(text) + "\nEND"
}

func (g *gate) cluster() string {
	return fmt.Sprintf("server: %q, certificate-authority-data: %s", g.server.URL, b64(g.ca()))
}

func TestExecCredentials(t *testing.T) {
	g := newGate(t, true)
	me := newPair(t, "me")
	tests := map[string]struct {
		status map[string]string
		want   arrival
	}{
		"token":       {status: map[string]string{"token": "t"}, want: arrival{Authorization: "Bearer t"}},
		"certificate": {status: map[string]string{"clientCertificateData": me.cert, "clientKeyData": me.key}, want: arrival{Certificate: "me"}},
		"both":        {status: map[string]string{"token": "t", "clientCertificateData": me.cert, "clientKeyData": me.key}, want: arrival{Authorization: "Bearer t", Certificate: "me"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := kubeconfig(t, g.cluster(), execUser)
			script(t, config, "echo run >> runs\n"+printing(t, tt.status))
			before, c := len(g.seen()), open(t, config)
			var group sync.WaitGroup
			for range 3 {
				group.Go(func() {
					if err := reach(within(t, 5*time.Second), c); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if diff := cmp.Diff([]arrival{tt.want, tt.want, tt.want}, g.seen()[before:]); diff != "" {
				t.Error(diff)
			}
			if got := readBeside(t, config, "runs"); got != "run\n" {
				t.Errorf("the plugin was run more than once: %q", got)
			}
		})
	}
}

func readBeside(t *testing.T, config, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(config), name))
	cnitest.Must(t, err)
	return string(data)
}

// What a plugin is told, through arguments, environment and the protocol.
func TestExecRequest(t *testing.T) {
	g := newGate(t, true)
	full := g.cluster() + `, insecure-skip-tls-verify: false, tls-server-name: example.com, disable-compression: true, extensions: [` +
		`{name: client.authentication.k8s.io/exec, extension: {audience: a, list: [1]}}, {name: other, extension: 1}]`
	told := `{"kind":"ExecCredential","apiVersion":%q,"spec":{"interactive":false%s}}`
	cluster := fmt.Sprintf(`,"cluster":{"server":%q,"tls-server-name":"example.com","certificate-authority-data":%q,"disable-compression":true,"config":{"audience":"a","list":[1]}}`,
		g.server.URL, b64(g.ca()))
	config := kubeconfig(t, full, execUser)
	script(t, config, `printf %s "$KUBERNETES_EXEC_INFO" > info
printf '%s|' "$@" "$EXTRA" "$PATH" > words
`+printing(t, map[string]string{"token": "t"}))
	cnitest.Must(t, reach(within(t, 5*time.Second), open(t, config)))
	if diff := cmp.Diff(parsed(t, fmt.Sprintf(told, "client.authentication.k8s.io/v1", cluster)), parsed(t, readBeside(t, config, "info"))); diff != "" {
		t.Error(diff)
	}
	if got, want := readBeside(t, config, "words"), "one|two words|a=b c|"+os.Getenv("PATH")+"|"; got != want {
		t.Errorf("arguments and environment %q, want %q", got, want)
	}
}

func parsed(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

// A credential that the server turns down is fetched anew, once a request, and a
// certificate comes with a connection of its own.
func TestExecRotates(t *testing.T) {
	first, second := newPair(t, "first"), newPair(t, "second")
	tests := map[string]struct{ before, after map[string]string }{
		"token":       {before: map[string]string{"token": "first"}, after: map[string]string{"token": "second"}},
		"certificate": {before: map[string]string{"clientCertificateData": first.cert, "clientKeyData": first.key}, after: map[string]string{"clientCertificateData": second.cert, "clientKeyData": second.key}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, true)
			g.refuse = func(a arrival) bool {
				return a.Authorization+a.Certificate != "Bearer second" && a.Certificate != "second"
			}
			config := kubeconfig(t, g.cluster(), execUser)
			script(t, config, "if [ -e ran ]; then\n"+printing(t, tt.after)+"\nelse touch ran\n"+printing(t, tt.before)+"\nfi")
			_, f := open(t, config).do(within(t, 5*time.Second), podRequest())
			if f != nil {
				t.Fatal(f.err)
			}
			if got := len(g.seen()); got != 2 {
				t.Errorf("%d requests, want one with each credential: %v", got, g.seen())
			}
		})
	}
}

func TestExecTurnedDown(t *testing.T) {
	g := newGate(t, true)
	g.refuse = func(arrival) bool { return true }
	config := kubeconfig(t, g.cluster(), execUser)
	script(t, config, "echo run >> runs\n"+printing(t, map[string]string{"token": "geheim"}))
	_, err := open(t, config).Pod(within(t, 5*time.Second), "default", "a")
	fails(t, err, plan.ErrUnavailable, "credential from the exec plugin "+filepath.Join(filepath.Dir(config), "plugin"), "401")
	if got := readBeside(t, config, "runs"); strings.Count(got, "run") > 3 {
		t.Errorf("the plugin was run %q, want once a try and once more", got)
	}
}

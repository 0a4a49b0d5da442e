package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// installed is a node with install running on it as the pod of a DaemonSet.
type installed struct {
	dir   string
	api   *cnitest.APIServer
	stop  context.CancelFunc
	ended chan error
	log   *bytes.Buffer // to be read when it has ended
}

func (i *installed) write(t *testing.T, path, content string) {
	t.Helper()
	path = filepath.Join(i.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// startInstall starts it, and waits until the node is ready and the DaemonSet known.
func startInstall(t *testing.T, args ...string) *installed {
	t.Helper()
	const set = `{"kind":"DaemonSet","apiVersion":"apps/v1","metadata":{"name":"multus","namespace":"kube-system"}}`
	i := &installed{dir: t.TempDir(), ended: make(chan error, 1), log: &bytes.Buffer{}, api: cnitest.NewAPIServer(t, set)}
	token := cnitest.AccountToken("kube-system", "multus", time.Hour, nil)
	i.api.SetToken(token)
	i.write(t, "account/token", token)
	i.write(t, "account/ca.crt", string(i.api.CA()))
	i.write(t, "account/namespace", "kube-system")
	i.write(t, "net.d/10-flannel.conflist", `{"cniVersion":"1.0.0","name":"cbr0","plugins":[{"type":"flannel"}]}`)
	i.write(t, "bin/flannel", "#!/bin/sh")
	cmd := installCommand(streams{out: i.log, err: i.log})
	args = append([]string{
		"--cni-conf-dir", i.dir + "/net.d", "--cni-bin-dir", i.dir + "/bin", "--state-dir", i.dir + "/state", "--service-account", i.dir + "/account",
		"--api-server", i.api.URL(), "--listen", "",
	}, args...)
	cmd.SetArgs(args)
	ctx, stop := context.WithCancel(t.Context())
	i.stop = stop
	go func() { i.ended <- cmd.ExecuteContext(ctx) }()
	t.Cleanup(func() { stop(); <-i.ended })
	i.await(t, "ready", func() bool { return exists(i.dir+"/net.d/00-multus.conflist") && exists(i.dir+"/net.d/multus.d/token") })
	i.await(t, "the DaemonSet is known", func() bool {
		for _, r := range i.api.Matching("GET", "*/daemonsets/multus") {
			if r.Status == 200 {
				return true
			}
		}
		return false
	})
	time.Sleep(100 * time.Millisecond) // and the answer was read
	return i
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (i *installed) await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// end stops it as a kubelet does, and returns the files that are left of it.
func (i *installed) end(t *testing.T) []string {
	t.Helper()
	i.stop()
	select {
	case err := <-i.ended:
		i.ended <- nil
		if err != nil {
			t.Errorf("%v", err)
		}
	case <-time.After(40 * time.Second):
		t.Fatal("it did not end")
	}
	var left []string
	for _, file := range []string{"net.d/00-multus.conflist", "net.d/multus.d/multus.kubeconfig", "net.d/multus.d/token", "bin/multus", "net.d/10-flannel.conflist", "bin/flannel"} {
		if exists(filepath.Join(i.dir, file)) {
			left = append(left, file)
		}
	}
	return left
}

const setPath = "/apis/apps/v1/namespaces/kube-system/daemonsets/multus"

// TestEndOfInstall: a newer one may follow, or none.
func TestEndOfInstall(t *testing.T) {
	all := []string{"net.d/00-multus.conflist", "net.d/multus.d/multus.kubeconfig", "net.d/multus.d/token", "bin/multus", "net.d/10-flannel.conflist", "bin/flannel"}
	others := all[4:]
	record := func(i *installed) {
		rec := state.Record{Sandbox: plan.Sandbox{ContainerID: "c1", IfName: "eth0", NetNS: "/proc/self/ns/net"}, Pod: plan.Pod{Namespace: "a", Name: "b", UID: "c"}}
		if err := state.Dir(i.dir + "/state").Create(rec); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		args []string
		then func(i *installed)
		want []string
		said string
	}{
		{"a roll-out", nil, func(*installed) {}, all, "everything stays as it is"},
		{"deleted", nil, func(i *installed) { i.api.Delete(setPath) }, others, "multus leaves it"},
		{"deleted while it is not to clean up", []string{"--cleanup-config-on-exit=false"}, func(i *installed) { i.api.Delete(setPath) }, all, ""},
		{"deleted with pods", nil, func(i *installed) { record(i); i.api.Delete(setPath) }, append(all[1:4:4], others...), "the binary stays to detach them"},
		{"deleted, and the last pod goes meanwhile", nil, func(i *installed) {
			record(i)
			i.api.Delete(setPath)
			time.AfterFunc(time.Second, func() { _ = os.RemoveAll(i.dir + "/state/sandboxes") })
		}, others, "multus leaves it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := startInstall(t, tt.args...)
			tt.then(i)
			left := i.end(t)
			if diff := cmp.Diff(fmt.Sprint(tt.want), fmt.Sprint(left)); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			if !strings.Contains(i.log.String(), tt.said) {
				t.Errorf("no %q in\n%s", tt.said, i.log)
			}
		})
	}
}

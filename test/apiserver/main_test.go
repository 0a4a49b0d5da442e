package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/plan"
)

const objects = `
kind: Pod
apiVersion: v1
metadata: {name: a, namespace: d, uid: u}
---
kind: NetworkAttachmentDefinition
apiVersion: k8s.cni.cncf.io/v1
metadata: {name: net, namespace: d}
spec:
  config: '{"type": "x"}'
---
`

func TestServesFiles(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	write(t, in("objects/all.yaml"), objects)
	write(t, in("objects/README"), "not an object")
	write(t, in("token"), "secret\n")
	ctx, stop := context.WithCancel(t.Context())
	out, ready := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{
			"--kubeconfig", in("kubeconfig"), "--token-file", in("token"), "--output", in("out"), "--log", in("log"),
			"--latency", "1ms", "--fault", "503 GET */pods/a times=1", in("objects"),
		}, ready)
		ready.Close()
	}()
	line := make([]byte, 256)
	n, err := out.Read(line)
	if err != nil || strings.TrimSpace(string(line[:n])) != in("kubeconfig") {
		t.Fatalf("printed %q, %v, %v", line[:n], err, <-done)
	}
	use(t, in("kubeconfig"))
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	pod, err := os.ReadFile(in("out/pods_d_a.json"))
	if err != nil || !strings.Contains(string(pod), `"k8s.v1.cni.cncf.io/network-status":"[1]"`) {
		t.Errorf("pod %s, %v", pod, err)
	}
	log, err := os.ReadFile(in("log"))
	if lines := strings.Count(string(log), "\n"); err != nil || lines != 4 {
		t.Errorf("%d requests in the log, want 4: %s, %v", lines, log, err)
	}
	var first struct {
		Method, Path string
		Status       int
	}
	if err := json.NewDecoder(strings.NewReader(string(log))).Decode(&first); err != nil || first.Path != "/api/v1/namespaces/d/pods/a" || first.Status != 503 {
		t.Errorf("first request %+v, %v", first, err)
	}
}

// use reads a pod and a network, and writes a status.
func use(t *testing.T, kubeconfig string) {
	t.Helper()
	c, err := kube.Dial(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	pod, err := c.Pod(ctx, "d", "a")
	if err != nil {
		t.Fatal(err)
	}
	ref := plan.Ref{Namespace: "d", Name: "net"}
	if got := c.Definitions(ctx, []plan.Ref{ref})[ref]; got.Definition.Config != `{"type": "x"}` {
		t.Errorf("definition %+v", got)
	}
	if err := c.Publish(ctx, pod, []byte("[1]"), ""); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWrongUse(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "odd.yaml"), "kind: Secret\n")
	for name, args := range map[string][]string{
		"no kubeconfig": {},
		"odd fault":     {"--kubeconfig", filepath.Join(folder, "k"), "--fault", "nonsense"},
		"missing file":  {"--kubeconfig", filepath.Join(folder, "k"), filepath.Join(folder, "missing.yaml")},
		"odd object":    {"--kubeconfig", filepath.Join(folder, "k"), folder},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(t.Context(), args, io.Discard); err == nil {
				t.Error("no error")
			}
			if _, err := os.Stat(filepath.Join(folder, "k")); err == nil {
				t.Error("a kubeconfig was written")
			}
		})
	}
}

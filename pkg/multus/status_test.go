package multus_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/cnitest"
)

func TestStatus(t *testing.T) {
	tests := []struct {
		name   string
		conf   string
		change func(w *world)
		want   string
	}{
		{"ready", abc, nil, "no error"},
		{"no API server", abc, func(w *world) { w.Cluster = nil }, "no error"},
		{"readiness file", abc + `,"readinessIndicatorFile":"$DIR/ready"`, nil, "50 readinessIndicatorFile: "},
		{"kubeconfig", abc, func(w *world) { _ = os.Remove(w.kubeconfig) }, "50 API server not usable: kubeconfig "},
		{"delegate's code", abc, func(w *world) { w.fail(map[string]error{"STATUS a": &types.Error{Code: 51, Msg: "degraded"}}) }, "51 network a: a: degraded"},
		{"delegate's own code", abc, func(w *world) { w.fail(map[string]error{"STATUS a": &types.Error{Code: 120, Msg: "x"}}) }, "120 network a: a: x"},
		{"delegate without a code", abc, func(w *world) { w.fail(map[string]error{"STATUS a": errors.New("exit status 2")}) }, "50 network a: a: exit status 2"},
		{"the networks of single pods are their own affair", abc, func(w *world) { w.fail(map[string]error{"STATUS b": errors.New("x"), "STATUS c": errors.New("x")}) }, "no error"},
		{"binary", abc, func(w *world) { w.exec.Missing = []string{"a"} }, "50 network a: a: plugin binary not found"},
		{"default network on disk, without an API server", `"cniVersion":"1.1.0","clusterNetwork":"x","confDir":"$DIR"`, func(w *world) { w.Cluster = nil }, `50 clusterNetwork "x": `},
		{"default network that is a NAD", `"cniVersion":"1.1.0","clusterNetwork":"x","confDir":"$DIR"`, nil, "no error"},
		{"default network by a path that is not there", `"cniVersion":"1.1.0","clusterNetwork":"$DIR/x.conf"`, nil, `50 clusterNetwork "`},
		{"none configured", `"cniVersion":"1.1.0","kubeconfig":"/k"`, nil, "no error"},
		{"kubeconfig before the network", abc, func(w *world) {
			_ = os.WriteFile(w.kubeconfig, nil, 0o600)
			w.fail(map[string]error{"STATUS a": errors.New("x")})
		}, "50 API server not usable: kubeconfig "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.conf)
			if tt.change != nil {
				tt.change(w)
			}
			if got := object(t, w.Status(t.Context())); !strings.HasPrefix(got, tt.want) {
				t.Errorf("answered %s\nwant %s…", got, tt.want)
			}
		})
	}
}

// TestStatusIsPrompt whatever hangs, and does not wait for readiness.
func TestStatusIsPrompt(t *testing.T) {
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	tests := []struct {
		name   string
		change func(w *world)
	}{
		{"delegate", func(w *world) {
			w.exec.Answer = func(ctx context.Context, _ cnitest.Call) ([]byte, error) { return nil, hang(ctx) }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newStatic(t, abc)
				tt.change(w)
				begin := time.Now()
				if got := object(t, w.Status(t.Context())); !strings.HasPrefix(got, "50 ") {
					t.Error(got)
				}
				// A plugin that is killed may leave children that hold its output for half a second.
				if took := time.Since(begin); took > 4400*time.Millisecond {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

// TestStatusOfReadiness looks once.
func TestStatusOfReadiness(t *testing.T) {
	w := newWorld(t, abc+`,"readinessIndicatorFile":"$DIR/ready"`)
	cnitest.Must(t, os.WriteFile(filepath.Join(w.dir, "ready"), nil, 0o600))
	if err := w.Status(t.Context()); err != nil {
		t.Error(err)
	}
	if calls, asked := w.calls(), len(w.api.Requests()); len(calls) != 1 || asked > 0 {
		t.Errorf("calls %q, %d requests", calls, asked)
	}
}

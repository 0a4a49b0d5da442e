package node_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/node"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

const (
	nodeOne   = `{"kind":"Node","apiVersion":"v1","metadata":{"name":"n1","uid":"node-uid","resourceVersion":"1"},"spec":{"taints":[{"key":"multus-cni.io/not-ready","effect":"NoSchedule"}]}}`
	daemonSet = `{"kind":"DaemonSet","apiVersion":"apps/v1","metadata":{"name":"multus","namespace":"kube-system"}}`
	setPath   = "/apis/apps/v1/namespaces/kube-system/daemonsets/multus"
	tokenPath = "/api/v1/namespaces/kube-system/serviceaccounts/multus/token"
)

// newCluster is a host with an API server, and the projected account of a pod on n1.
func newCluster(t *testing.T, objects ...string) (host, *cnitest.APIServer) {
	t.Helper()
	h, s := newHost(t), cnitest.NewAPIServer(t, objects...)
	h.API.Server, h.API.DaemonSet, h.API.TokenLifetime = s.URL(), "multus", time.Hour
	h.write(filepath.Join(h.API.Account, "ca.crt"), string(s.CA()))
	h.write(filepath.Join(h.API.Account, "namespace"), "kube-system")
	h.project(s)
	return h, s
}

// project is what a kubelet does when it renews the token: the directory is another one.
func (h host) project(s *cnitest.APIServer) {
	h.t.Helper()
	token := cnitest.AccountToken("kube-system", "multus", time.Hour, map[string]any{
		"pod": map[string]any{"name": "multus-x"}, "node": map[string]any{"name": "n1", "uid": "node-uid"}, "at": time.Now().UnixNano(),
	})
	dir := filepath.Join(h.API.Account, fmt.Sprintf("..%d", time.Now().UnixNano()))
	h.write(filepath.Join(dir, "token"), token)
	data, link := filepath.Join(h.API.Account, "..data"), filepath.Join(h.API.Account, "token")
	cnitest.Must(h.t, errors.Join(os.Symlink(dir, data+"_tmp"), os.Rename(data+"_tmp", data), os.RemoveAll(link), os.Symlink("..data/token", link)))
	s.SetToken(token)
}

func (h host) plugins() kube.Identity {
	data, _ := os.ReadFile(filepath.Join(h.ConfDir, "multus.d", "token"))
	return kube.IdentityOf(string(data))
}

// requested waits for the plugin to have a token of its own.
func (h host) requested(node string) {
	h.t.Helper()
	eventually(h.t, "a token of the plugin's own", func() bool {
		id := h.plugins()
		return id.Account == "multus" && id.Pod == "" && id.Node == node
	})
}

func TestToken(t *testing.T) {
	tests := []struct{ name, object, named, node, asked string }{
		{"bound to the node", nodeOne, "", "n1", `"expirationSeconds":3600,"boundObjectRef":{"kind":"Node","apiVersion":"v1","name":"n1","uid":"node-uid"}`},
		{"unbound where the server does not bind to nodes", daemonSet, "", "", `"expirationSeconds":3600`},
		{"of a node that an admin names", strings.ReplaceAll(nodeOne, "n1", "n2"), "n2", "n2", `"name":"n2"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, s := newCluster(t, tt.object)
			h.API.NodeName = tt.named
			health := h.run()
			h.requested(tt.node)
			eventually(t, "ready", func() bool { return health.Err() == nil })
			if asked := s.Matching(http.MethodPost, tokenPath); !strings.Contains(asked[0].Body, tt.asked) {
				t.Error(asked[0].Body)
			}
		})
	}
	t.Run("the projected one where there is no right", func(t *testing.T) {
		h, s := newCluster(t, nodeOne)
		s.Fail(cnitest.Fault{Path: tokenPath, Status: http.StatusForbidden})
		health := h.run()
		eventually(t, "it was denied", func() bool { return len(s.Matching(http.MethodPost, tokenPath)) >= 2 && health.Err() == nil })
		if id := h.plugins(); id.Pod != "multus-x" {
			t.Errorf("%+v", id)
		}
		s.Heal()
		h.project(s) // at once, not after the pause
		h.requested("n1")
	})
}

// TestTokenRenewed: in time, at once with the projected one, and not before there is
// another one.
func TestTokenRenewed(t *testing.T) {
	h, s := newCluster(t, nodeOne)
	h.API.TokenLifetime, h.Poll = 8*time.Second, 100*time.Millisecond
	health := h.run()
	h.requested("n1")
	first := h.plugins().Expires
	eventually(t, "renewed in time", func() bool { return h.plugins().Expires.After(first) })
	asked := len(s.Matching(http.MethodPost, tokenPath))
	h.project(s)
	eventually(t, "renewed at once", func() bool { return len(s.Matching(http.MethodPost, tokenPath)) > asked })
	s.Fail(cnitest.Fault{Status: http.StatusServiceUnavailable})
	before := h.plugins()
	if ends := before.Expires; time.Until(ends) < 2*time.Second || before.Pod != "" {
		t.Fatalf("%+v", before)
	}
	eventually(t, "the projected one when no other can be had", func() bool { return h.plugins().Pod == "multus-x" })
	if left := time.Until(before.Expires); left > 3*time.Second {
		t.Errorf("the one before was given up %s before its end", left)
	}
	if err := health.Err(); err != nil {
		t.Error(err)
	}
	s.Heal()
	h.requested("n1")
}

// TestTokenThatEnds: a node whose pods will soon be refused is not ready.
func TestTokenThatEnds(t *testing.T) {
	h, s := newCluster(t)
	s.Fail(cnitest.Fault{Status: http.StatusServiceUnavailable})
	now := time.Now()
	h.write(filepath.Join(h.API.Account, "..data", "token"), cnitest.JWT(map[string]any{
		"iat": now.Add(-time.Hour).Unix(), "exp": now.Add(time.Minute).Unix(), "sub": "system:serviceaccount:kube-system:multus",
	}))
	if _, err := h.Reconcile(); !errors.Is(err, node.ErrToken) {
		t.Errorf("error %v", err)
	}
	if conf := h.read(h.ConfDir, "00-multus.conflist"); !strings.Contains(conf, "cbr0") {
		t.Error("the configuration has to be there all the same")
	}
}

func TestOnce(t *testing.T) {
	h, _ := newCluster(t, nodeOne)
	if _, err := h.Once(t.Context()); err != nil || h.plugins().Node != "n1" || h.plugins().Pod != "" {
		t.Errorf("%+v, %v", h.plugins(), err)
	}
	if report, err := h.Once(t.Context()); err != nil || len(report.Written) != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// TestOwner: only a DaemonSet that is known to be gone has multus leave.
func TestOwner(t *testing.T) {
	nothing := func(*cnitest.APIServer) {}
	remove := func(s *cnitest.APIServer) { s.Heal(); s.Delete(setPath) }
	forbid := func(s *cnitest.APIServer) { s.Fail(cnitest.Fault{Path: setPath, Status: http.StatusForbidden}) }
	tests := []struct {
		name        string
		objects     []string
		first, then func(s *cnitest.APIServer)
		gone        bool
	}{
		{"a roll-out", []string{daemonSet}, nothing, nothing, false},
		{"deleted", []string{daemonSet}, nothing, remove, true},
		{"deleted with its account and roles", []string{daemonSet}, nothing, forbid, true},
		{"it does not want the node", []string{daemonSet, nodeOne}, nothing, func(s *cnitest.APIServer) {
			_ = s.Put([]byte(strings.Replace(daemonSet, `"}}`, `"},"spec":{"template":{"spec":{"nodeSelector":{"a":"b"}}}}}`, 1)))
		}, true},
		{"the server is away", []string{daemonSet}, nothing, func(s *cnitest.APIServer) { s.Close() }, false},
		{"the server breaks", []string{daemonSet}, nothing, func(s *cnitest.APIServer) { s.Fail(cnitest.Fault{Status: 500}) }, false},
		{"it never was there", nil, nothing, nothing, false},
		{"it might never be asked for", []string{daemonSet}, forbid, remove, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, s := newCluster(t, tt.objects...)
			tt.first(s)
			owner := h.Owner()
			owner.Greet(t.Context())
			tt.then(s)
			begin := time.Now()
			if gone := owner.Gone(t.Context()); gone != tt.gone || time.Since(begin) > 6*time.Second {
				t.Errorf("%t after %s", gone, time.Since(begin))
			}
		})
	}
	t.Run("it is not to be asked for", func(t *testing.T) {
		h, s := newCluster(t, daemonSet)
		h.API.DaemonSet = ""
		if h.Owner().Greet(t.Context()); len(s.Requests()) > 0 {
			t.Error("it was asked for")
		}
	})
}

// asking is a pod that runs on n1 since a while and asks for a network.
func asking(name, metadata, status string) string {
	return fmt.Sprintf(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":%q,"uid":"uid-%[1]s","resourceVersion":"1",
		"annotations":{"k8s.v1.cni.cncf.io/networks":"a"},"ownerReferences":[{"controller":true,"name":"rs"}]%s},"spec":{"nodeName":"n1"},
		"status":{"phase":"Running","podIP":"10.0.0.1","startTime":"2026-01-02T03:04:05Z"%s}}`, name, metadata, status)
}

func TestRepair(t *testing.T) {
	pods := []string{
		asking("lacks", "", ""),
		asking("default", `,"annotations":{"v1.multus-cni.io/default-network":"b"}`, ""),
		asking("alone", `,"ownerReferences":[]`, ""),
		asking("recorded", "", ""),
		asking("static", `,"annotations":{"k8s.v1.cni.cncf.io/networks":"a","kubernetes.io/config.hash":"uid-recorded"}`, ""),
		asking("answered", `,"annotations":{"k8s.v1.cni.cncf.io/networks":"a","k8s.v1.cni.cncf.io/network-status":"[]"}`, ""),
		asking("asks-for-nothing", `,"annotations":{"k8s.v1.cni.cncf.io/networks":" [ ]"}`, ""),
		asking("young", "", `,"startTime":"`+time.Now().UTC().Format(time.RFC3339)+`"`),
		asking("no-sandbox", "", `,"podIP":"","phase":"Pending"`),
		strings.Replace(asking("elsewhere", "", ""), "n1", "n2", 1),
	}
	recorded := []state.Record{{Pod: plan.Pod{UID: "uid-recorded"}}}
	tests := []struct {
		how             string
		warned, deleted []string
	}{
		{node.RepairOff, nil, nil},
		{node.RepairEvent, []string{"alone", "default", "lacks"}, nil},
		{node.RepairDelete, []string{"alone"}, []string{"default", "lacks"}},
	}
	for _, tt := range tests {
		t.Run(tt.how, func(t *testing.T) {
			h, s := newCluster(t, pods...)
			h.Repair = tt.how
			r := node.Repairer{Node: h.Node}
			for range 2 { // and once only
				cnitest.Must(t, r.Look(t.Context(), recorded))
			}
			var warned, deleted []string
			for _, e := range s.Events() {
				var event struct {
					Reason, Type   string
					InvolvedObject struct{ Name string }
				}
				if err := json.Unmarshal(e, &event); err != nil || event.Reason != "NetworksMissing" || event.Type != "Warning" {
					t.Errorf("%s, %v", e, err)
				}
				warned = append(warned, event.InvolvedObject.Name)
			}
			for _, r := range s.Matching(http.MethodDelete, "*") {
				deleted = append(deleted, filepath.Base(r.Path))
			}
			if diff := cmp.Diff([][]string{tt.warned, tt.deleted}, [][]string{warned, deleted}); diff != "" {
				t.Errorf("warned, deleted (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("not too many at once", func(t *testing.T) {
		h, s := newCluster(t)
		h.Repair = node.RepairDelete
		for i := range 25 {
			cnitest.Must(t, s.Put([]byte(asking(fmt.Sprintf("p%d", i), "", ""))))
		}
		r := node.Repairer{Node: h.Node}
		if err := r.Look(t.Context(), nil); err != nil || len(s.Matching(http.MethodDelete, "*")) != 10 || len(s.Events()) > 0 {
			t.Errorf("%d deleted, %v", len(s.Matching(http.MethodDelete, "*")), err)
		}
	})
}

// TestTaint: it goes when the node is ready, and not before.
func TestTaint(t *testing.T) {
	const path = "/api/v1/nodes/n1"
	h, s := newCluster(t, nodeOne)
	h.Taint = "multus-cni.io/not-ready"
	cnitest.Must(t, os.Remove(filepath.Join(h.ConfDir, "10-flannel.conflist")))
	s.Fail(cnitest.Fault{Method: http.MethodPatch, Path: path, Status: http.StatusConflict, Times: 1})
	health := h.run()
	eventually(t, "it waits", func() bool { return errors.Is(health.Err(), node.ErrNoDefaultNetwork) })
	time.Sleep(1500 * time.Millisecond)
	if n := len(s.Matching("", path)); n > 0 {
		t.Errorf("%d requests before the node was ready", n)
	}
	h.conf("10-flannel.conflist", flannel)
	eventually(t, "the taint went", func() bool { return strings.Contains(string(s.Object(path)), `"taints":[]`) })
}

// TestRotation renews the projected token as fast as it goes; the plugin's own is
// sound at every moment.
func TestRotation(t *testing.T) {
	h, s := newCluster(t, nodeOne)
	h.API.TokenLifetime = 4 * time.Second
	h.run()
	h.requested("n1")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for i := 0; ctx.Err() == nil; i++ {
		if i%100 == 0 {
			h.project(s)
		}
		if id := h.plugins(); id.Account != "multus" || time.Until(id.Expires) <= 0 {
			t.Fatalf("%+v", id)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

package multus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

const podArgs = "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns1;K8S_POD_NAME=p1;K8S_POD_UID=uid-1"

func sandbox(id string) plan.Sandbox {
	return plan.Sandbox{ContainerID: id, NetNS: "/run/netns/" + id, IfName: "eth0", Args: podArgs}
}

// world is all that a plugin works on: plugins that are functions, an API server with
// a pod, and a state directory of its own.
type world struct {
	multus.Plugin
	exec       *cnitest.Exec
	api        *cnitest.APIServer // nil: there is none
	kubeconfig string
	dir        string
}

// newWorld takes the members of a configuration, without the braces; $DIR is a
// directory of the test. Three networks a, b and c are the usual ones.
func newWorld(t *testing.T, members string) *world {
	t.Helper()
	w := newStatic(t, members)
	w.api = cnitest.NewAPIServer(t)
	w.kubeconfig = w.api.KubeconfigFile(t)
	client := kube.Dial(w.kubeconfig)
	t.Cleanup(client.Close)
	w.Cluster, w.Planner.Conf.Kubeconfig = client, w.kubeconfig
	w.pod("uid-1", nil)
	return w
}

// newStatic is a world without an API server, whose time may be that of synctest.
func newStatic(t *testing.T, members string) *world {
	t.Helper()
	w := &world{exec: &cnitest.Exec{}, dir: t.TempDir()}
	conf, err := config.Parse([]byte(`{"name":"node","type":"multus",` + strings.ReplaceAll(members, "$DIR", w.dir) + `}`))
	cnitest.Must(t, err)
	log := logrus.New()
	log.SetOutput(io.Discard)
	w.Plugin = multus.Plugin{
		Planner: plan.Planner{Conf: conf},
		Runner:  delegate.Runner{Exec: w.exec, Path: []string{"/bin"}, Timeout: conf.DelegateTimeout},
		State:   state.Dir(filepath.Join(w.dir, "state")),
		Log:     logrus.NewEntry(log),
	}
	return w
}

// doc is a JSON object.
type doc = map[string]any

func (w *world) put(object doc) {
	data, err := json.Marshal(object)
	if err == nil {
		err = w.api.Put(data)
	}
	if err != nil {
		panic(err)
	}
}

// podPath is where the API server has the pod that all sandboxes are for.
const podPath = "/api/v1/namespaces/ns1/pods/p1"

// pod is the pod as the API server has it.
func (w *world) pod(uid string, annotations map[string]string) {
	w.put(doc{"apiVersion": "v1", "kind": "Pod", "metadata": doc{"namespace": "ns1", "name": "p1", "uid": uid, "annotations": annotations}})
}

// selects has the pod select networks.
func (w *world) selects(networks string) {
	w.pod("uid-1", map[string]string{"k8s.v1.cni.cncf.io/networks": networks})
}

// nad defines a network of the namespace ns1.
func (w *world) nad(name, config string) {
	w.put(doc{"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
		"metadata": doc{"namespace": "ns1", "name": name}, "spec": doc{"config": config}})
}

// reads is how often the pod was read.
func (w *world) reads() int { return len(w.api.Matching("GET", podPath)) }

// status is the network status that the pod has.
func (w *world) status() string {
	return w.api.Annotations("ns1", "p1")["k8s.v1.cni.cncf.io/network-status"]
}

// patient makes the status take longer to write than the event beside it, which
// nobody waits for.
func (w *world) patient() {
	w.api.Fail(cnitest.Fault{Method: "PATCH", Kind: cnitest.FaultStatus, Status: http.StatusServiceUnavailable, Times: 1, Delay: 200 * time.Millisecond})
}

// event is the text of the one event there is; empty for none.
func (w *world) event(t *testing.T) string {
	t.Helper()
	var e struct{ Message string }
	for _, raw := range w.api.Events() {
		cnitest.Must(t, json.Unmarshal(raw, &e))
	}
	return e.Message
}

const abc = `"cniVersion":"1.1.0","delegates":[{"cniVersion":"1.1.0","name":"a","type":"a"},` +
	`{"cniVersion":"1.1.0","name":"b","type":"b"},{"cniVersion":"1.1.0","name":"c","type":"c"}]`

// fail makes calls such as "DEL b" fail.
func (w *world) fail(errs map[string]error) {
	w.exec.Answer = func(ctx context.Context, c cnitest.Call) ([]byte, error) {
		if err := errs[c.String()]; err != nil {
			return nil, err
		}
		return cnitest.Empty(ctx, c)
	}
}

// calls are the calls since it was last asked, as command, interface and plugin.
func (w *world) calls() []string {
	list := []string{}
	for _, c := range w.exec.Calls() {
		list = append(list, strings.Join(strings.Fields(c.Command+" "+c.Env["CNI_IFNAME"]+" "+c.Plugin), " "))
	}
	w.exec.Reset()
	return list
}

// wantCalls compares the calls since it was last asked.
func (w *world) wantCalls(t *testing.T, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, w.calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// phases is how far the sandbox's attachments got, "none" without a record.
func (w *world) phases(id string) string {
	rec, err := w.State.Load(state.KeyOf(sandbox(id)))
	if errors.Is(err, state.ErrNone) {
		return "none"
	}
	if err != nil {
		return err.Error()
	}
	var list []string
	for _, a := range rec.Attachments {
		list = append(list, a.Interface+" "+string(a.Phase))
	}
	return strings.Join(list, ", ")
}

func (w *world) wantPhases(t *testing.T, id, want string) {
	t.Helper()
	if got := w.phases(id); got != want {
		t.Errorf("the record of %s says %s, want %s", id, got, want)
	}
}

// add attaches a sandbox and forgets the calls.
func (w *world) add(t *testing.T, id string) {
	t.Helper()
	if _, err := w.Add(t.Context(), sandbox(id)); err != nil {
		t.Fatal(err)
	}
	w.exec.Reset()
}

// del detaches a sandbox.
func (w *world) del(t *testing.T, id string) {
	t.Helper()
	if err := w.Del(t.Context(), sandbox(id)); err != nil {
		t.Error(err)
	}
}

// spoil puts something in the place of the sandbox's record.
func (w *world) spoil(t *testing.T, id, content string) {
	t.Helper()
	sandboxes := filepath.Join(string(w.State), "sandboxes")
	cnitest.Must(t, os.MkdirAll(sandboxes, 0o700))
	cnitest.Must(t, os.WriteFile(filepath.Join(sandboxes, id+"@eth0.json"), []byte(content), 0o600))
}

// object is the error as the runtime reads it: its code and its message.
func object(t *testing.T, err error) string {
	t.Helper()
	return objectOf(t, "ADD", err)
}

func objectOf(t *testing.T, command string, err error) string {
	t.Helper()
	if err == nil {
		return "no error"
	}
	var o struct {
		Code uint
		Msg  string
	}
	cnitest.Must(t, json.Unmarshal(multus.Call{Command: command}.ErrorObject("1.1.0", err), &o))
	return fmt.Sprintf("%d %s", o.Code, o.Msg)
}

package multus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

const podArgs = "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns1;K8S_POD_NAME=p1;K8S_POD_UID=uid-1"

func sandbox(id string) plan.Sandbox {
	return plan.Sandbox{ContainerID: id, NetNS: "/run/netns/" + id, IfName: "eth0", Args: podArgs}
}

// world is all that a plugin works on: plugins that are functions, an API server
// that is a value, and a state directory of its own.
type world struct {
	multus.Plugin
	exec    *cnitest.Exec
	cluster *cluster
	nads    definitions
	dir     string
}

// newWorld takes the members of a configuration, without the braces; $DIR is a
// folder of the test. Three networks a, b and c are the usual ones.
func newWorld(t *testing.T, members string) *world {
	t.Helper()
	w := &world{exec: &cnitest.Exec{}, cluster: &cluster{}, nads: definitions{}, dir: t.TempDir()}
	w.cluster.pod = plan.Pod{Namespace: "ns1", Name: "p1", UID: "uid-1"}
	conf, err := config.Parse([]byte(`{"name":"node","type":"multus",` + strings.ReplaceAll(members, "$DIR", w.dir) + `}`))
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	w.Plugin = multus.Plugin{
		Conf:    conf,
		Cluster: w.cluster,
		Planner: plan.Planner{Conf: conf, Definitions: w.nads},
		Runner:  delegate.Runner{Exec: w.exec, Path: []string{"/bin"}, Timeout: conf.DelegateTimeout},
		State:   state.Dir(filepath.Join(w.dir, "state")),
		Log:     logrus.NewEntry(log),
	}
	return w
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

// add attaches a sandbox and forgets the calls.
func (w *world) add(t *testing.T, id string) {
	t.Helper()
	if _, err := w.Add(t.Context(), sandbox(id)); err != nil {
		t.Fatal(err)
	}
	w.exec.Reset()
}

// spoil puts something in the place of the sandbox's record.
func (w *world) spoil(t *testing.T, id, content string) {
	t.Helper()
	folder := filepath.Join(string(w.State), "sandboxes")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, id+"@eth0.json"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// cluster is an API server without a network.
type cluster struct {
	pod     plan.Pod
	podErr  error
	check   error
	publish error

	reads     int
	published plan.Pod
	status    string
	event     string
}

func (c *cluster) Pod(context.Context, string, string) (plan.Pod, error) {
	c.reads++
	return c.pod, c.podErr
}

func (c *cluster) Publish(_ context.Context, pod plan.Pod, status []byte, event string) error {
	c.published, c.status, c.event = pod, string(status), event
	return c.publish
}

func (c *cluster) Check() error { return c.check }

// selects has the pod select networks.
func (c *cluster) selects(networks string) {
	c.pod.Annotations = map[string]string{"k8s.v1.cni.cncf.io/networks": networks}
}

// definitions are the configurations of NetworkAttachmentDefinitions.
type definitions map[plan.Ref]string

func (d definitions) Definitions(_ context.Context, refs []plan.Ref) map[plan.Ref]plan.Answer {
	answers := map[plan.Ref]plan.Answer{}
	for _, ref := range refs {
		config, there := d[ref]
		answers[ref] = plan.Answer{Definition: plan.Definition{Config: config}}
		if !there {
			answers[ref] = plan.Answer{Err: plan.ErrNotFound}
		}
	}
	return answers
}

// nad defines a network of the namespace ns1.
func (w *world) nad(name, config string) { w.nads[plan.Ref{Namespace: "ns1", Name: name}] = config }

// object is the error as the runtime reads it: its code and its message.
func object(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "no error"
	}
	var o struct {
		Code uint
		Msg  string
	}
	if err := json.Unmarshal(multus.ErrorObject("1.1.0", err), &o); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", o.Code, o.Msg)
}

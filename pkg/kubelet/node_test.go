package kubelet

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

func web() plan.Pod { return plan.Pod{Namespace: "default", Name: "web", UID: "u1"} }

func devicesOf(t *testing.T, root string, pod plan.Pod) (map[string][]string, error) {
	t.Helper()
	return Node{Root: root}.Devices(t.Context(), pod, []string{"x.io/vf"})
}

func want(t *testing.T, root string, pod plan.Pod, devices map[string][]string) {
	t.Helper()
	got, err := devicesOf(t, root, pod)
	cnitest.Must(t, err)
	if diff := cmp.Diff(devices, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

var twoContainers = []container{
	{{"x.io/vf", "d3"}, {"x.io/gpu", "g1"}, {"x.io/vf", "d1"}},
	{{"x.io/vf", "d2", "d3"}},
}

func TestOrder(t *testing.T) {
	k := newKubelet(t, map[string][]reply{"Get": {{message: podMessage("default", "web", twoContainers...)}}})
	want(t, k.root, web(), map[string][]string{"x.io/vf": {"d3", "d1", "d2"}, "x.io/gpu": {"g1"}})
	if !slices.Equal(k.calls, []string{"Get"}) {
		t.Errorf("calls: %q", k.calls)
	}
}

// TestList: kubelets without Get, with Get turned off, or that know no such pod,
// list the pods of the node.
func TestList(t *testing.T) {
	others := append(podMessage("other", "web", container{{"x.io/vf", "no"}}), podMessage("default", "web-1", container{{"x.io/vf", "no"}})...)
	list := append(others, podMessage("default", "web", twoContainers...)...)
	for name, refused := range map[string]reply{
		"unimplemented": {status: 12, text: "unknown method Get"},
		"disabled":      {status: 2, text: "PodResources API Get method disabled"},
		"not found":     {status: 2, text: "pod web in namespace default not found"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKubelet(t, map[string][]reply{"Get": {refused}, "List": {{message: list}}})
			want(t, k.root, web(), map[string][]string{"x.io/vf": {"d3", "d1", "d2"}, "x.io/gpu": {"g1"}})
			want(t, k.root, plan.Pod{Namespace: "default", Name: "none"}, map[string][]string{})
		})
	}
}

func TestRateLimit(t *testing.T) {
	limited := reply{status: 8, text: "rejected by rate limit"}
	k := newKubelet(t, map[string][]reply{"Get": {limited, limited, {message: podMessage("default", "web", twoContainers...)}}})
	want(t, k.root, web(), map[string][]string{"x.io/vf": {"d3", "d1", "d2"}, "x.io/gpu": {"g1"}})
	if len(k.calls) != 3 {
		t.Errorf("calls: %q", k.calls)
	}
}

func TestRestart(t *testing.T) {
	var k *fakeKubelet
	dies := reply{raw: func(http.ResponseWriter, *http.Request) { k.stop() }}
	k = newKubelet(t, map[string][]reply{"Get": {dies, {message: podMessage("default", "web", twoContainers...)}}})
	go func() {
		time.Sleep(200 * time.Millisecond)
		k.start(t)
	}()
	want(t, k.root, web(), map[string][]string{"x.io/vf": {"d3", "d1", "d2"}, "x.io/gpu": {"g1"}})
}

// TestNameTwice: a pod that ends slowly and its successor have one name.
func TestNameTwice(t *testing.T) {
	one := podMessage("default", "web", twoContainers...)
	k := newKubelet(t, map[string][]reply{"List": {{message: slices.Concat(one, podMessage("default", "web"))}, {message: one}}})
	want(t, k.root, web(), map[string][]string{"x.io/vf": {"d3", "d1", "d2"}, "x.io/gpu": {"g1"}})
}

func TestHang(t *testing.T) {
	k := newKubelet(t, map[string][]reply{"Get": {{raw: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}}})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Node{Root: k.root}.Devices(ctx, web(), nil)
	if !errors.Is(err, plan.ErrUnavailable) || !strings.Contains(err.Error(), k.path()) {
		t.Errorf("error %v", err)
	}
}

func TestFaults(t *testing.T) {
	raw := func(do func(http.ResponseWriter)) reply {
		return reply{raw: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/grpc")
			do(w)
		}}
	}
	for name, tt := range map[string]struct {
		reply reply
		says  string
	}{
		"no message":        {raw(func(w http.ResponseWriter) { w.Write(frame([]byte("\xffgarbage"))) }), "status"},
		"broken message":    {reply{message: []byte{1<<3 | 2, 200}}, "malformed protocol buffers message"},
		"endless number":    {reply{message: slices.Repeat([]byte{0xff}, 20)}, "malformed protocol buffers message"},
		"old group":         {reply{message: []byte{1<<3 | 3}}, "malformed protocol buffers message"},
		"huge":              {raw(func(w http.ResponseWriter) { w.Write([]byte{0, 0xff, 0xff, 0xff, 0xff}) }), "4294967295 bytes"},
		"longer than said":  {raw(func(w http.ResponseWriter) { w.Write([]byte{0, 0, 0, 0, 1, 2, 3, 4}) }), "another length"},
		"shorter than said": {raw(func(w http.ResponseWriter) { w.Write([]byte{0, 0, 0, 0, 9, 2, 3, 4}) }), "another length"},
		"compressed":        {raw(func(w http.ResponseWriter) { w.Write([]byte{1, 0, 0, 0, 0}) }), "compressed"},
		"a web server":      {reply{raw: func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) }}, `content type "text/plain`},
		"an ID of nothing":  {reply{message: podMessage("default", "web", container{{"x.io/vf", ""}})}, "device ID"},
		"an ID of controls": {reply{message: podMessage("default", "web", container{{"x.io/vf", "d\n1"}})}, "device ID"},
		"an endless ID":     {reply{message: podMessage("default", "web", container{{"x.io/vf", strings.Repeat("d", 201)}})}, "device ID"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKubelet(t, map[string][]reply{"Get": {tt.reply}})
			begin := time.Now()
			_, err := devicesOf(t, k.root, web())
			if err == nil || !strings.Contains(err.Error(), tt.says) || len(err.Error()) > 1000 {
				t.Errorf("error %v", err)
			}
			if time.Since(begin) > time.Second {
				t.Errorf("it took %s", time.Since(begin))
			}
		})
	}
}

// TestNoKubelet: what listens is something else.
func TestNoKubelet(t *testing.T) {
	root := t.TempDir()
	listener := listen(t, filepath.Join(root, socketPath))
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\nSSH-2.0 and so on\n"))
			conn.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := (Node{Root: root}).Devices(ctx, web(), nil); !errors.Is(err, plan.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}

func writeCheckpoint(t *testing.T, root, text string) {
	t.Helper()
	path := filepath.Join(root, checkpointPath)
	cnitest.Must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	cnitest.Must(t, os.WriteFile(path, []byte(text), 0o600))
}

const entries = `{"Data":{"PodDeviceEntries":[
	{"PodUID":"u2","ContainerName":"a","ResourceName":"x.io/vf","DeviceIDs":{"0":["no"]},"AllocResp":"AA=="},
	{"PodUID":"u1","ContainerName":"b","ResourceName":"x.io/vf","DeviceIDs":{"10":["b10"],"2":["b2"],"-1":["b-1"]},"AllocResp":"AA=="},
	{"PodUID":"u1","ContainerName":"a","ResourceName":"x.io/vf","DeviceIDs":["a1","b2"]},
	{"PodUID":"u1","ContainerName":"a","ResourceName":"x.io/gpu","DeviceIDs":null}],
	"RegisteredDevices":{"x.io/vf":["a1"]}},"Checksum":1,"BootID":"x"}`

func TestCheckpoint(t *testing.T) {
	root := t.TempDir()
	writeCheckpoint(t, root, entries)
	wanted := map[string][]string{"x.io/vf": {"a1", "b2", "b-1", "b10"}}
	want(t, root, web(), wanted)
	static := plan.Pod{Namespace: "default", Name: "web", UID: "mirror", Annotations: map[string]string{"kubernetes.io/config.source": "file", "kubernetes.io/config.hash": "u1"}}
	want(t, root, static, wanted)
	want(t, root, plan.Pod{Namespace: "default", Name: "web"}, map[string][]string{})
	for name, text := range map[string]string{
		"no JSON":     "{",
		"other types": `{"Data":{"PodDeviceEntries":[{"DeviceIDs":7}]}}`,
		"other nodes": `{"Data":{"PodDeviceEntries":[{"DeviceIDs":{"x":["d"]}}]}}`,
	} {
		writeCheckpoint(t, root, text)
		if _, err := devicesOf(t, root, web()); err == nil || !strings.Contains(err.Error(), checkpointPath) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestInitContainer: the kubelet lists no init containers that end, but writes of
// them; what it lists comes first.
func TestInitContainer(t *testing.T) {
	k := newKubelet(t, map[string][]reply{"Get": {{message: podMessage("default", "web", container{{"x.io/vf", "b2"}})}}})
	writeCheckpoint(t, k.root, entries)
	want(t, k.root, web(), map[string][]string{"x.io/vf": {"b2", "a1", "b-1", "b10"}})
	writeCheckpoint(t, k.root, "{")
	want(t, k.root, web(), map[string][]string{"x.io/vf": {"b2"}})
}

func TestNothingThere(t *testing.T) {
	root := t.TempDir()
	if _, err := devicesOf(t, root, web()); !errors.Is(err, plan.ErrNotFound) || !strings.Contains(err.Error(), "kubeletRoot") {
		t.Errorf("error %v", err)
	}
}

// claimed are the devices of every pod's resource claims.
type claimed struct {
	devices map[string][]string
	err     error
	calls   int
}

func (c *claimed) ClaimedDevices(context.Context, plan.Pod) (map[string][]string, error) {
	c.calls++
	return c.devices, c.err
}

func TestClaims(t *testing.T) {
	k := newKubelet(t, map[string][]reply{"Get": {{message: podMessage("default", "web", container{{"x.io/vf", "d1"}})}}})
	for name, tt := range map[string]struct {
		root      string
		resources []string
		err       error
		want      map[string][]string
		calls     int
		says      string
	}{
		"not needed":     {k.root, []string{"x.io/vf"}, errors.New("down"), map[string][]string{"x.io/vf": {"d1"}}, 0, ""},
		"beside plugins": {k.root, []string{"x.io/vf", "x.io/nic"}, nil, map[string][]string{"x.io/vf": {"d1", "c2"}, "x.io/nic": {"c1"}}, 1, ""},
		"no kubelet":     {"/none", []string{"x.io/nic"}, nil, map[string][]string{"x.io/vf": {"d1", "c2"}, "x.io/nic": {"c1"}}, 1, ""},
		"gone":           {k.root, []string{"x.io/nic"}, plan.ErrNotFound, nil, 1, "its resource claims: not found"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &claimed{map[string][]string{"x.io/nic": {"c1"}, "x.io/vf": {"d1", "c2"}}, tt.err, 0}
			got, err := Node{tt.root, c}.Devices(t.Context(), web(), tt.resources)
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says) || !errors.Is(err, plan.ErrUnavailable)) {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" || c.calls != tt.calls {
				t.Errorf("%d calls; -want +got:\n%s", c.calls, diff)
			}
		})
	}
}

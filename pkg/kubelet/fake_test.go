package kubelet

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/multus-cni/multus/pkg/rpc"
)

// fakeKubelet answers on a pod-resources socket. Each call takes the next reply of
// its method; the last one stays.
type fakeKubelet struct {
	root    string
	mu      sync.Mutex
	replies map[string][]reply // by method: Get, List
	calls   []string
	server  *http.Server
}

// reply is what a method answers.
type reply struct {
	message []byte
	status  int // of gRPC
	text    string
	raw     func(http.ResponseWriter, *http.Request) // instead of all that
}

func newKubelet(t *testing.T, replies map[string][]reply) *fakeKubelet {
	t.Helper()
	k := &fakeKubelet{root: t.TempDir(), replies: replies}
	k.start(t)
	t.Cleanup(k.stop)
	return k
}

func (k *fakeKubelet) path() string { return filepath.Join(k.root, socketPath) }

func (k *fakeKubelet) start(t *testing.T) {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: http.HandlerFunc(k.serve), Protocols: protocols}
	listener := listen(t, k.path())
	k.mu.Lock()
	k.server = server
	k.mu.Unlock()
	go server.Serve(listener)
}

// stop leaves the socket's file, as a kubelet that is killed does.
func (k *fakeKubelet) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.server.Close()
}

func listen(t *testing.T, path string) net.Listener {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	return listener
}

func (k *fakeKubelet) next(method string) reply {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls = append(k.calls, method)
	replies := k.replies[method]
	if len(replies) == 0 {
		return reply{status: 12, text: "unknown method " + method}
	}
	if len(replies) > 1 {
		k.replies[method] = replies[1:]
	}
	return replies[0]
}

func (k *fakeKubelet) serve(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	answer := k.next(filepath.Base(r.URL.Path))
	if answer.raw != nil {
		answer.raw(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	if answer.status != 0 {
		w.Header().Set("Grpc-Status", strconv.Itoa(answer.status))
		w.Header().Set("Grpc-Message", answer.text)
		return
	}
	w.Header().Set("Trailer", "Grpc-Status")
	w.Write(frame(answer.message))
	w.Header().Set("Grpc-Status", "0")
}

func frame(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// container is the devices of one container, entry by entry.
type container [][]string // each the resource and its IDs

func podMessage(namespace, name string, containers ...container) []byte {
	var all []byte
	for _, c := range containers {
		var one []byte
		for _, e := range c {
			given := rpc.AppendField(nil, 1, e[0])
			for _, id := range e[1:] {
				given = rpc.AppendField(given, 2, id)
			}
			one = rpc.AppendField(one, 2, string(given))
		}
		one = append(rpc.AppendField(one, 1, "name"), 3<<3, 1)
		all = rpc.AppendField(all, 3, string(one))
	}
	return rpc.AppendField(nil, 1, string(append(rpc.AppendField(rpc.AppendField(nil, 1, name), 2, namespace), all...)))
}

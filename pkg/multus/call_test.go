package multus_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
)

func TestReadCall(t *testing.T) {
	full := map[string]string{"CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c1", "CNI_NETNS": "/run/netns/none", "CNI_IFNAME": "eth0", "CNI_PATH": "/a:/b", "CNI_ARGS": "x=y"}
	with := func(changes ...string) map[string]string {
		env := map[string]string{}
		for k, v := range full {
			env[k] = v
		}
		for i := 0; i < len(changes); i += 2 {
			env[changes[i]] = changes[i+1]
		}
		return env
	}
	tests := []struct {
		name  string
		env   map[string]string
		stdin io.Reader
		want  string
	}{
		{"ADD", full, strings.NewReader("{}"), "no error"},
		{"DEL without a namespace", with("CNI_COMMAND", "DEL", "CNI_NETNS", ""), strings.NewReader("{}"), "no error"},
		{"GC alone", map[string]string{"CNI_COMMAND": "GC"}, strings.NewReader("{}"), "no error"},
		{"no such command", with("CNI_COMMAND", "add"), strings.NewReader(""), `4 CNI_COMMAND "add": one of ADD, DEL`},
		{"ADD of nothing", map[string]string{"CNI_COMMAND": "ADD"}, strings.NewReader(""), "4 required environment variables missing: CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME"},
		{"CHECK without a namespace", with("CNI_COMMAND", "CHECK", "CNI_NETNS", ""), strings.NewReader(""), "4 required environment variables missing: CNI_NETNS"},
		{"both names odd", with("CNI_CONTAINERID", "../c1", "CNI_IFNAME", "a/b"), strings.NewReader(""), "4 CNI_CONTAINERID \"../c1\": letters, digits, '_', '.' and '-' are expected, a letter or digit first\nCNI_IFNAME \"a/b\": "},
		{"the host's namespace", with("CNI_NETNS", "/proc/self/ns/net"), strings.NewReader(""), `8 CNI_NETNS "/proc/self/ns/net": this is the host's own`},
		{"the host's namespace, on purpose", with("CNI_NETNS", "/proc/self/ns/net", "CNI_NETNS_OVERRIDE", "1"), strings.NewReader("{}"), "no error"},
		{"too long", full, io.LimitReader(endless{}, config.MaxSize+1), "6 configuration on standard input: more than"},
		{"broken off", full, iotest.ErrReader(errors.New("broken pipe")), "5 configuration on standard input: broken pipe"},
		{"VERSION without a standard input", map[string]string{"CNI_COMMAND": "VERSION"}, iotest.ErrReader(errors.New("closed")), "no error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := multus.ReadCall(func(name string) string { return tt.env[name] }, tt.stdin)
			if got := object(t, err); !strings.HasPrefix(got, tt.want) {
				t.Errorf("answered %s\nwant %s…", got, tt.want)
			}
		})
	}
	got, err := multus.ReadCall(func(name string) string { return full[name] }, strings.NewReader("{}"))
	want := multus.Call{Command: "ADD", Path: []string{"/a", "/b"}, Stdin: []byte("{}"),
		Sandbox: plan.Sandbox{ContainerID: "c1", NetNS: "/run/netns/none", IfName: "eth0", Args: "x=y"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

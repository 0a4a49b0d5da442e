package state

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/plan"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

const (
	bridge  = `{"cniVersion":"0.3.1","name":"cluster","type":"bridge","big":90071992547409931234}`
	macvlan = `{"cniVersion":"0.3.1","name":"macnet","plugins":[{"type":"macvlan"}]}`
)

// v4 is a record as Multus v4 wrote it for two networks.
func v4() string {
	return `[{"Conf":{"cniVersion":"0.3.1","name":"cluster","type":"bridge","ipam":{},"dns":{}},` +
		`"ConfList":{"name":"","plugins":null},"Name":"cluster","MasterPlugin":true,"ifnameRequest":"",` +
		`"ipRequest":null,"default-route":null,"Bytes":"` + b64(bridge) + `"},` +
		`{"Conf":{"name":""},"ConfList":{"name":"macnet","plugins":[{"type":"macvlan"}]},"Name":"default/mac",` +
		`"macRequest":"02:00:00:00:00:01","ipRequest":["10.0.0.5/24"],"infinibandGUIDRequest":"c2:11",` +
		`"default-route":["10.0.0.1","x"],"deviceID":"0000:00:01.0","resourceName":"x.com/vf","Bytes":"` + b64(macvlan) + `"}]`
}

// cached is an entry of the result cache.
func cached(network, id, ifName string) string {
	return `{"kind":"cniCacheV1","containerId":"` + id + `","ifName":"` + ifName + `","networkName":"` + network +
		`","netns":"/run/netns/x","config":"e30=","cniArgs":[["K8S_POD_NAMESPACE","default"],["K8S_POD_NAME","p"],["",""]],` +
		`"capabilityArgs":{"portMappings":[{"hostPort":80}]},"result":{"cniVersion":"0.3.1","of":"` + network + `"}}`
}

// row is what matters of an attachment.
type row struct {
	Network, Interface, Config, Args, Runtime, Result string
	Master                                            bool
}

func rows(t *testing.T, r Record) []row {
	t.Helper()
	var out []row
	for _, a := range r.Attachments {
		config, err := json.Marshal(a.Config)
		must(t, err)
		runtime, err := json.Marshal(a.RuntimeConfig)
		must(t, err)
		if a.Phase != Attached {
			t.Errorf("%s is %s", a, a.Phase)
		}
		out = append(out, row{a.Network, a.Interface, string(config), a.Args, string(runtime), string(a.Result), a.Master})
	}
	return out
}

func conf(name, plugin string) string {
	return `{"cniVersion":"0.3.1","name":"` + name + `","plugins":[` + plugin + `]}`
}

func TestLoadV4(t *testing.T) {
	d := Dir(t.TempDir())
	write(t, d, "c1", v4())
	write(t, d, "results/cluster-c1-eth0", cached("cluster", "c1", "eth0"))
	r, err := d.Load(k1)
	must(t, err)
	const args = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=p"
	want := []row{
		{
			Network: "cluster", Interface: "eth0", Master: true, Args: args,
			Config:  conf("cluster", `{"cniVersion":"0.3.1","name":"cluster","type":"bridge","big":90071992547409931234}`),
			Runtime: `{"portMappings":[{"hostPort":80}]}`, Result: `{"cniVersion":"0.3.1","of":"cluster"}`,
		},
		{
			Network: "default/mac", Interface: "net1",
			Config:  conf("macnet", `{"type":"macvlan","deviceID":"0000:00:01.0","pciBusID":"0000:00:01.0"}`),
			Runtime: `{"deviceID":"0000:00:01.0","infinibandGUID":"c2:11","ips":["10.0.0.5/24"],"mac":"02:00:00:00:00:01"}`,
		},
	}
	if diff := cmp.Diff(want, rows(t, r)); diff != "" {
		t.Errorf("attachments (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(plan.Sandbox{ContainerID: "c1", IfName: "eth0", NetNS: "/run/netns/x", Args: args}, r.Sandbox); diff != "" {
		t.Errorf("sandbox (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(plan.Pod{Namespace: "default", Name: "p"}, r.Pod); diff != "" {
		t.Errorf("pod (-want +got):\n%s", diff)
	}
	second := r.Attachments[1]
	if diff := cmp.Diff(&plan.Device{Resource: "x.com/vf", ID: "0000:00:01.0"}, second.Device); diff != "" {
		t.Errorf("device (-want +got):\n%s", diff)
	}
	if len(r.Warnings) > 0 || r.Created.IsZero() {
		t.Errorf("warnings %q, created %v", r.Warnings, r.Created)
	}
}

func TestLoadLegacyForms(t *testing.T) {
	wrapped := func(c string) string { return `{"Bytes":"` + b64(c) + `"}` }
	tests := []struct {
		name, content string
		want          []string // network interface, * for the master
		warning       string
	}{
		{name: "v2, master marked", want: []string{"m eth0*", "a net0", "b net1"},
			content: `[{"name":"a","type":"x"},{"name":"m","type":"x","masterplugin":true},{"name":"b","type":"x"}]`},
		{name: "v2, none marked", want: []string{"a eth0*", "b net0"}, content: `[{"name":"a","type":"x"},{"name":"b","type":"x"}]`},
		{name: "v1, no name", want: []string{"unnamed eth0*"}, content: `[{"type":"x"}]`},
		{name: "list alone", want: []string{"a eth0*"}, content: `[{"ConfList":{"name":"a","plugins":[{"type":"x"}]},"Conf":{"type":""}}]`},
		{name: "conf alone", want: []string{"a eth0*"}, content: `[{"Conf":{"name":"a","type":"x"}}]`},
		{name: "bytes before all", want: []string{"cluster eth0*"}, content: `[{"Conf":{"name":"a","type":"x"},"Bytes":"` + b64(bridge) + `"}]`},
		{name: "name from outside", want: []string{"ns/n eth0*"}, content: `[{"Name":"ns/n","Bytes":"` + b64(`{"type":"x"}`) + `"}]`},
		{name: "interfaces asked for", want: []string{"cluster eth0*", "macnet wan", "macnet net2"},
			content: `[` + wrapped(bridge) + `,{"ifnameRequest":"wan","Bytes":"` + b64(macvlan) + `"},` + wrapped(macvlan) + `]`},
		{name: "single ip", want: []string{"cluster eth0*"}, content: `[{"ipRequest":"10.0.0.1","Bytes":"` + b64(bridge) + `"}]`},
		{name: "one is broken", want: []string{"cluster eth0*", "macnet net2"}, warning: "attachment 1 of an older multus: ",
			content: `[` + wrapped(bridge) + `,{"Bytes":"!"},` + wrapped(macvlan) + `]`},
		{name: "the master is broken", want: []string{"macnet net1"}, warning: "attachment 0 of an older multus: ",
			content: `[null,` + wrapped(macvlan) + `]`},
		{name: "interface is hostile", want: []string{"cluster eth0*"}, warning: "ifnameRequest: interface name",
			content: `[` + wrapped(bridge) + `,{"ifnameRequest":"../x","Bytes":"` + b64(macvlan) + `"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Dir(t.TempDir())
			write(t, d, "c1", tt.content)
			r, err := d.Load(k1)
			must(t, err)
			var got []string
			for _, a := range r.Attachments {
				name := a.Network + " " + a.Interface
				if a.Master {
					name += "*"
				}
				got = append(got, name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			warnings := strings.Join(r.Warnings, "\n")
			if (warnings == "") != (tt.warning == "") || !strings.Contains(warnings, tt.warning) {
				t.Errorf("warnings %q, want %q", warnings, tt.warning)
			}
			if _, _, err := encode(r); err != nil {
				t.Errorf("not to be recorded: %v", err)
			}
		})
	}
}

func TestLoadLegacyRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "zeroed": "\x00\x00", "truncated": v4()[:100], "object": `{"type":"bridge"}`, "null": "null",
		"all broken": `[1,"x",{},{"Bytes":""}]`, "many broken": "[" + strings.Repeat("1,", maxLegacy-1) + "1]", "too many": "[" + strings.Repeat("{},", maxLegacy) + "{}]",
	} {
		t.Run(name, func(t *testing.T) {
			d := Dir(t.TempDir())
			write(t, d, "c1", content)
			_, err := d.Load(k1)
			if !errors.Is(err, ErrUnreadable) || !strings.HasPrefix(err.Error(), "unreadable record "+d.path("c1")+": ") {
				t.Errorf("Load: %.300v", err)
			}
			if len(fmt.Sprint(err)) > 4096 {
				t.Errorf("an error of %d bytes", len(fmt.Sprint(err)))
			}
		})
	}
}

// What lies in the directory beside records is the record of no container.
func TestReservedNames(t *testing.T) {
	d := Dir(t.TempDir())
	for _, name := range []string{sandboxesName, resultsName, unreadableName} {
		must(t, os.Mkdir(d.path(name), 0o700))
	}
	write(t, d, lockName, "[]")
	must(t, os.Mkdir(d.path("directory"), 0o700))
	must(t, os.Symlink(lockName, d.path("link")))
	for _, id := range []string{sandboxesName, resultsName, unreadableName, lockName, "directory", "link"} {
		k := Key{ContainerID: id, IfName: "eth0"}
		if _, err := d.Load(k); !errors.Is(err, ErrNone) {
			t.Errorf("Load %s: %v", id, err)
		}
		must(t, d.Create(record(t, k)))
		must(t, d.Remove(record(t, k)))
		if _, err := os.Lstat(d.path(id)); err != nil {
			t.Errorf("Remove took %s away: %v", id, err)
		}
	}
}

// An older record that is an empty list records nothing: it is in nobody's way, and
// goes with the sandbox.
func TestEmptyLegacyRecordIsNone(t *testing.T) {
	d := Dir(t.TempDir())
	write(t, d, "c1", " []\n")
	if _, err := d.Load(k1); !errors.Is(err, ErrNone) {
		t.Errorf("Load: %v", err)
	}
	if _, err := d.SetAside(k1); !errors.Is(err, ErrNone) {
		t.Errorf("SetAside: %v", err)
	}
	if keys, err := d.Keys(); err != nil || len(keys) > 0 {
		t.Errorf("keys %v, %v", keys, err)
	}
	must(t, d.Create(record(t, k1)))
	must(t, d.Remove(record(t, k1)))
	if diff := cmp.Diff([]string{"sandboxes"}, files(t, d)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

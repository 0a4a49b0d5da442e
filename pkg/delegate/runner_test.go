package delegate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/plan"
)

// chain is an attachment to a list of the plugins a, b and c.
func chain(t testing.TB, version string, extra ...string) plan.Attachment {
	t.Helper()
	return attachment(t, fmt.Sprintf(`{"cniVersion":%q,"name":"net",%s"plugins":[
		{"type":"a"},{"type":"b","capabilities":{"mac":true},"big":9007199254740993},{"type":"c"}]}`, version, strings.Join(extra, "")))
}

func fake(exec *cnitest.Exec) delegate.Runner {
	return delegate.Runner{Exec: exec, Path: []string{"/opt/cni/bin", "/opt/more"}}
}

// failing fails the calls of the map and does nothing else.
func failing(errs map[string]error) *cnitest.Exec {
	return &cnitest.Exec{Answer: func(ctx context.Context, c cnitest.Call) ([]byte, error) {
		if err := errs[c.String()]; err != nil {
			return nil, err
		}
		return cnitest.Empty(ctx, c)
	}}
}

func TestParametersOfACall(t *testing.T) {
	t.Setenv("CNI_IFNAME", "eth0")
	t.Setenv("CNI_ARGS", "ours")
	t.Setenv("CNI_NETNS_OVERRIDE", "1")
	a := chain(t, "1.1.0")
	a.Args, a.Interface = "K8S_POD_NAME=p;FOO=bar", "data0"
	exec := &cnitest.Exec{}
	if _, err := fake(exec).Add(t.Context(), sandbox(), a); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c1", "CNI_NETNS": "/run/netns/c1", "CNI_IFNAME": "data0",
		"CNI_ARGS": "K8S_POD_NAME=p;FOO=bar", "CNI_PATH": "/opt/cni/bin:/opt/more", "CNI_NETNS_OVERRIDE": "1",
	}
	for _, c := range exec.Calls() {
		if diff := cmp.Diff(want, c.Env); diff != "" {
			t.Errorf("%s: environment (-want +got):\n%s", c, diff)
		}
	}
	exec.Reset()
	if err := fake(exec).GC(t.Context(), a.Config, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS"} {
		if value, given := exec.Calls()[0].Env[name]; value != "" || !given {
			t.Errorf("GC has %s=%q, given: %t", name, value, given)
		}
	}
}

func TestAddChainsResults(t *testing.T) {
	exec := &cnitest.Exec{Answer: func(_ context.Context, c cnitest.Call) ([]byte, error) {
		switch c.Plugin {
		case "a": // another version, which the next plugin could not read
			return []byte(`{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24"}}`), nil
		case "b": // no version: the configuration's
			return []byte(` {"ips":[{"address":"10.0.0.2/24"}],"vendor":{"big":9007199254740993}} `), nil
		}
		return []byte("{\n\"cniVersion\": \"1.0.0\", \"vendor\": 9007199254740993}\n"), nil
	}}
	a := chain(t, "1.0.0")
	a.RuntimeConfig = map[string]json.RawMessage{"mac": json.RawMessage(`"02:00:00:00:00:07"`)}
	made, err := fake(exec).Add(t.Context(), sandbox(), a)
	if err != nil || !made.Attached {
		t.Fatal(made, err)
	}
	if want := "{\n\"cniVersion\": \"1.0.0\", \"vendor\": 9007199254740993}"; string(made.Result) != want {
		t.Errorf("result is not what the last plugin printed:\n%s", made.Result)
	}
	want := []string{
		"",
		`{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]}`,
		`{"ips":[{"address":"10.0.0.2/24"}],"vendor":{"big":9007199254740993},"cniVersion":"1.0.0"}`,
	}
	var got []string
	for _, c := range exec.Calls() {
		got = append(got, string(c.Member("prevResult")))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("prevResult (-want +got):\n%s", diff)
	}
	b := exec.Calls()[1]
	if rc := string(b.Member("runtimeConfig")); rc != `{"mac":"02:00:00:00:00:07"}` || string(b.Member("big")) != "9007199254740993" {
		t.Errorf("stdin of b: %s", b.Stdin)
	}
}

func TestAddStopsAtTheFirstError(t *testing.T) {
	exec := failing(map[string]error{"ADD b": &types.Error{Code: 11, Msg: "not now", Details: "d"}})
	made, err := fake(exec).Add(t.Context(), sandbox(), chain(t, "1.1.0"))
	if made.Attached || made.Unstarted != 1 {
		t.Errorf("made %+v, but c alone was not started", made)
	}
	var coded *types.Error
	if !errors.As(err, &coded) || coded.Code != 11 || coded.Msg != "not now" || err.Error() != "b: not now; d" {
		t.Errorf("got error %v", err)
	}
	if diff := cmp.Diff([]string{"ADD a", "ADD b"}, exec.Names()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAddWithoutBinary(t *testing.T) {
	exec := &cnitest.Exec{Missing: []string{"b"}}
	made, err := fake(exec).Add(t.Context(), sandbox(), chain(t, "1.1.0"))
	if made.Attached || made.Unstarted != 2 {
		t.Errorf("made %+v, but b and c were not started", made)
	}
	if want := "b: plugin binary not found in /opt/cni/bin, /opt/more"; err == nil || err.Error() != want || !errors.Is(err, delegate.ErrNoBinary) {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestDel(t *testing.T) {
	const result = `{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}`
	none := []string{"", "", ""}
	tests := []struct {
		name    string
		version string
		result  string
		errs    map[string]error
		calls   []string
		prev    []string
		wantErr string
	}{
		{"reverse, with the result", "1.1.0", result, nil, []string{"DEL c", "DEL b", "DEL a"}, []string{result, result, result}, ""},
		{"without a result", "1.1.0", "", nil, []string{"DEL c", "DEL b", "DEL a"}, none, ""},
		{"null as result", "1.1.0", "null", nil, []string{"DEL c", "DEL b", "DEL a"}, none, ""},
		{"a result that nobody can read", "1.1.0", "[]", nil, []string{"DEL c", "DEL b", "DEL a"}, none, ""},
		{"no result before 0.4.0", "0.3.1", `{"cniVersion":"0.3.1"}`, nil, []string{"DEL c", "DEL b", "DEL a"}, none, ""},
		{"goes on after errors", "1.1.0", "", map[string]error{"DEL c": errors.New("down"), "DEL b": errors.New("busy")}, []string{"DEL c", "DEL b", "DEL a"}, none, "c: down\nb: busy"},
		{"a version not spoken any more stays", "1.1.0", "", map[string]error{"DEL b": &types.Error{Code: 1, Msg: "which version?"}}, []string{"DEL c", "DEL b", "DEL a"}, none, "b: which version?"},
		{"unknown container is detached", "1.1.0", "", map[string]error{"DEL b": &types.Error{Code: 3, Msg: "who?"}},
			[]string{"DEL c", "DEL b", "DEL a"}, none, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exec := failing(tt.errs)
			err := fake(exec).Del(t.Context(), plan.Sandbox{ContainerID: "c1", IfName: "eth0"}, chain(t, tt.version), delegate.Made{Result: json.RawMessage(tt.result), Attached: true})
			if got := text(err); got != tt.wantErr {
				t.Errorf("got error %q, want %q", got, tt.wantErr)
			}
			var prev []string
			for _, c := range exec.Calls() {
				prev = append(prev, string(c.Member("prevResult")))
			}
			if diff := cmp.Diff([][]string{tt.calls, tt.prev}, [][]string{exec.Names(), prev}); diff != "" {
				t.Errorf("calls and their prevResult (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDelWithoutBinaryStaysAnError(t *testing.T) {
	err := fake(&cnitest.Exec{Missing: []string{"b"}}).Del(t.Context(), sandbox(), chain(t, "1.1.0"), delegate.Made{Attached: true})
	if !errors.Is(err, delegate.ErrNoBinary) {
		t.Errorf("got error %v", err)
	}
}

// TestDelOfWhatNeverGotAttached: a plugin that refuses the version did nothing in ADD,
// nor did one that ADD did not start; another failure stays one.
func TestDelOfWhatNeverGotAttached(t *testing.T) {
	exec := failing(map[string]error{"DEL b": &types.Error{Code: 1, Msg: "which version?"}, "DEL c": errors.New("busy")})
	if got := text(fake(exec).Del(t.Context(), sandbox(), chain(t, "0.3.1"), delegate.Made{Unstarted: 3})); got != "c: busy" {
		t.Errorf("got error %q", got)
	}
	if diff := cmp.Diff([]string{"DEL c", "DEL b", "DEL a"}, exec.Names()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"noprogram": 0o755, "plain": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("no program"), mode); err != nil {
			t.Fatal(err)
		}
	}
	r := delegate.Runner{Exec: delegate.Process{}, Path: []string{dir}}
	for _, kind := range []string{"missing", "noprogram", "plain"} {
		a := attachment(t, `{"cniVersion":"1.1.0","name":"n","plugins":[{"type":"`+kind+`"}]}`)
		made, err := r.Add(t.Context(), sandbox(), a)
		if err == nil || made.Attached || made.Unstarted != 1 {
			t.Errorf("%s: ADD made %+v, %v", kind, made, err)
		}
		if err := r.Del(t.Context(), sandbox(), a, made); err != nil {
			t.Errorf("%s, not started by ADD: %v", kind, err)
		}
		for _, made := range []delegate.Made{{}, {Attached: true}} {
			if err := r.Del(t.Context(), sandbox(), a, made); err == nil {
				t.Errorf("%s: what ADD may have started counts as detached: %+v", kind, made)
			}
		}
	}
}

// TestAddTellsTheLikelyCause where the plugin's own words name nothing.
func TestAddTellsTheLikelyCause(t *testing.T) {
	for said, want := range map[string]string{
		"Link not found":             `a: Link not found (its configuration has master "eth9")`,
		`failed to find link "eth9"`: `a: failed to find link "eth9"`,
	} {
		exec := failing(map[string]error{"ADD a": &types.Error{Code: 999, Msg: said}})
		_, err := fake(exec).Add(t.Context(), sandbox(), attachment(t, `{"cniVersion":"1.1.0","name":"n","type":"a","master":"eth9"}`))
		var told *types.Error
		if got := text(err); got != want || !errors.As(err, &told) || told.Msg != said {
			t.Errorf("got error %q, want %q", got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name    string
		att     plan.Attachment
		result  string
		errs    map[string]error
		calls   []string
		wantErr string
	}{
		{"in order", chain(t, "0.4.0"), `{"cniVersion":"0.4.0"}`, nil, []string{"CHECK a", "CHECK b", "CHECK c"}, ""},
		{"older than CHECK", chain(t, "0.3.1"), "", nil, []string{}, ""},
		{"not wanted", chain(t, "1.1.0", `"disableCheck":true,`), "", nil, []string{}, ""},
		{"without a result", chain(t, "1.1.0"), "", nil, []string{}, "CHECK needs the result of ADD, and none is recorded"},
		{"a result that nobody can read", chain(t, "1.1.0"), "[]", nil, []string{}, "recorded result: line 1, column 1: a JSON object is expected, found a list"},
		{"stops at an error", chain(t, "1.1.0"), "{}", map[string]error{"CHECK b": errors.New("gone")}, []string{"CHECK a", "CHECK b"}, "b: gone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exec := failing(tt.errs)
			err := fake(exec).Check(t.Context(), sandbox(), tt.att, json.RawMessage(tt.result))
			if got := text(err); got != tt.wantErr {
				t.Errorf("got error %q, want %q", got, tt.wantErr)
			}
			if diff := cmp.Diff(tt.calls, exec.Names()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			for _, c := range exec.Calls() {
				if len(c.Member("prevResult")) == 0 {
					t.Errorf("%s has no prevResult", c)
				}
			}
		})
	}
}

func TestGC(t *testing.T) {
	valid := []types.GCAttachment{{ContainerID: "c1", IfName: "net0"}}
	tests := []struct {
		name    string
		att     plan.Attachment
		valid   []types.GCAttachment
		errs    map[string]error
		calls   []string
		list    string
		wantErr string
	}{
		{"all plugins", chain(t, "1.1.0"), valid, nil, []string{"GC a", "GC b", "GC c"}, `[{"containerID":"c1","ifname":"net0"}]`, ""},
		{"nothing valid", chain(t, "1.1.0"), nil, nil, []string{"GC a", "GC b", "GC c"}, `[]`, ""},
		{"goes on after errors", chain(t, "1.1.0"), nil, map[string]error{"GC a": errors.New("x"), "GC c": errors.New("y")},
			[]string{"GC a", "GC b", "GC c"}, `[]`, "a: x\nc: y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exec := failing(tt.errs)
			err := fake(exec).GC(t.Context(), tt.att.Config, tt.valid)
			if got := text(err); got != tt.wantErr {
				t.Errorf("got error %q, want %q", got, tt.wantErr)
			}
			if diff := cmp.Diff(tt.calls, exec.Names()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			for _, c := range exec.Calls() {
				for _, key := range []string{"cni.dev/valid-attachments", "cni.dev/attachments"} {
					if got := string(c.Member(key)); got != tt.list {
						t.Errorf("%s: %s is %s, want %s", c, key, got, tt.list)
					}
				}
			}
		})
	}
}

func TestStatus(t *testing.T) {
	tests := []struct {
		name    string
		version string
		missing []string
		errs    map[string]error
		calls   []string
		code    uint
		wantErr string
	}{
		{"ready", "1.1.0", nil, nil, []string{"STATUS a", "STATUS b", "STATUS c"}, 0, ""},
		{"older than STATUS", "1.0.0", nil, nil, []string{}, 0, ""},
		{"older, without a binary", "1.0.0", []string{"b"}, nil, []string{}, 50, "b: plugin binary not found in /opt/cni/bin, /opt/more"},
		{"without a binary", "1.1.0", []string{"b"}, nil, []string{"STATUS a"}, 50, "b: plugin binary not found in /opt/cni/bin, /opt/more"},
		{"not ready", "1.1.0", nil, map[string]error{"STATUS b": &types.Error{Code: 51, Msg: "degraded"}},
			[]string{"STATUS a", "STATUS b"}, 51, "b: degraded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exec := failing(tt.errs)
			exec.Missing = tt.missing
			err := fake(exec).Status(t.Context(), chain(t, tt.version).Config)
			var coded *types.Error
			if errors.As(err, &coded); text(err) != tt.wantErr || tt.code != 0 && (coded == nil || coded.Code != tt.code) {
				t.Errorf("got error %v with %+v, want code %d and %q", err, coded, tt.code, tt.wantErr)
			}
			if diff := cmp.Diff(tt.calls, exec.Names()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFind(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, file := range []string{first + "/both", second + "/both", second + "/late"} {
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(first+"/plain", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r := delegate.Runner{Exec: delegate.Process{}, Path: []string{"", first, second}}
	tests := []struct{ kind, want, wantErr string }{
		{"both", filepath.Join(first, "both"), ""},
		{"late", filepath.Join(second, "late"), ""},
		{"none", "", "none: plugin binary not found in " + first + ", " + second},
		{"plain", "", "plain: plugin binary " + first + "/plain is not executable"},
		{"../both", "", `plugin "../both": the bare name of a plugin's binary is expected, without a path`},
		{"..", "", `plugin "..": the bare name of a plugin's binary is expected, without a path`},
		{"", "", `plugin "": the bare name of a plugin's binary is expected, without a path`},
	}
	for _, tt := range tests {
		got, err := r.Find(tt.kind)
		if got != tt.want || text(err) != tt.wantErr {
			t.Errorf("Find(%q) = %q, %v; want %q, %q", tt.kind, got, err, tt.want, tt.wantErr)
		}
	}
	if _, err := (delegate.Runner{Exec: delegate.Process{}, Path: []string{""}}).Find("both"); !errors.Is(err, delegate.ErrNoBinary) {
		t.Errorf("no directories: got error %v", err)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

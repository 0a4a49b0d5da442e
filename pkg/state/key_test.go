package state

import (
	"errors"
	"strings"
	"testing"
)

func TestFileName(t *testing.T) {
	longest := strings.Repeat("c", maxName-len(".@eth0.json.tmp"))
	tests := []struct {
		name, id, ifName string
		want, err        string
	}{
		{name: "plain", id: "c1", ifName: "eth0", want: "c1@eth0.json"},
		{name: "all characters", id: "9A_.-z", ifName: "a@b-ü.0", want: "9A_.-z@a@b-ü.0.json"},
		{name: "longest", id: longest, ifName: "eth0", want: longest + "@eth0.json"},
		{name: "too long", id: longest + "c", ifName: "eth0", err: "container ID of 241 bytes: too long for a file name by 1"},
		{name: "no ID", ifName: "eth0", err: "container ID: is empty"},
		{name: "dots", id: "..", ifName: "eth0", err: `container ID: "..": letters, digits`},
		{name: "slash", id: "a/b", ifName: "eth0", err: `container ID: "a/b": letters, digits`},
		{name: "at", id: "a@b", ifName: "eth0", err: `container ID: "a@b": letters, digits`},
		{name: "NUL", id: "a\x00", ifName: "eth0", err: `container ID: "a\x00": letters, digits`},
		{name: "dash first", id: "-a", ifName: "eth0", err: `container ID: "-a": letters, digits`},
		{name: "no interface", id: "a", err: "interface name: is empty"},
		{name: "interface of 16", id: "a", ifName: "0123456789abcdef", err: "an interface name has at most 15"},
		{name: "interface slash", id: "a", ifName: "a/b", err: `interface name: "a/b"`},
		{name: "interface colon", id: "a", ifName: "a:b", err: `interface name: "a:b"`},
		{name: "interface space", id: "a", ifName: "a b", err: `interface name: "a b"`},
		{name: "interface newline", id: "a", ifName: "a\n", err: `interface name: "a\n"`},
		{name: "interface à", id: "a", ifName: "à", err: `interface name: "à"`},
		{name: "interface NUL", id: "a", ifName: "a\x00", err: `interface name: "a\x00"`},
		{name: "interface dots", id: "a", ifName: "..", err: `interface name: ".."`},
		{name: "interface Latin", id: "a", ifName: "\xe9", err: "write it in UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := Key{ContainerID: tt.id, IfName: tt.ifName}
			got, err := k.fileName()
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
			if back, ok := keyFromName(got); !ok || back != k {
				t.Errorf("the name is that of %v, %v", back, ok)
			}
		})
	}
}

func TestKeyFromName(t *testing.T) {
	for _, name := range []string{"", "x", "c1@eth0", "@eth0.json", "c1@.json", "c1.json", ".c1@eth0.json.tmp", "c1@a b.json", "-c@eth0.json"} {
		if k, ok := keyFromName(name); ok {
			t.Errorf("%q is the record of %v", name, k)
		}
	}
}

func TestHostileKeysTouchNothing(t *testing.T) {
	d := Dir(t.TempDir())
	r := record(t, Key{ContainerID: "../x", IfName: "eth0"})
	_, loadErr := d.Load(r.Key())
	_, asideErr := d.SetAside(r.Key())
	_, lockErr := d.Lock(t.Context(), r.Key())
	for name, err := range map[string]error{
		"Create": d.Create(r), "Update": d.Update(r), "Remove": d.Remove(r),
		"Load": loadErr, "SetAside": asideErr, "Lock": lockErr,
	} {
		if err == nil || errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := files(t, d); len(got) > 0 {
		t.Errorf("made %q", got)
	}
}

// A sandbox whose name is too long for a file is refused by ADD; DEL of it is
// that of any other that was never attached.
func TestLongContainerID(t *testing.T) {
	d := Dir(t.TempDir())
	r := record(t, Key{ContainerID: strings.Repeat("c", 300), IfName: "eth0"})
	if err := d.Create(r); !errors.Is(err, errTooLong) {
		t.Errorf("Create: %v", err)
	}
	if _, err := d.Load(r.Key()); !errors.Is(err, ErrNone) {
		t.Errorf("Load: %v", err)
	}
	if _, err := d.SetAside(r.Key()); !errors.Is(err, ErrNone) {
		t.Errorf("SetAside: %v", err)
	}
	must(t, d.Remove(r))
}

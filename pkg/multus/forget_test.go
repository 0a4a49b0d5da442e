package multus_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/state"
)

// TestForget: what can be detached is, what cannot is told, and nothing stays recorded.
func TestForget(t *testing.T) {
	for name, test := range map[string]struct {
		down map[string]error
		left []string
		why  string
	}{
		"a plugin gone for good": {map[string]error{"DEL b": errors.New("gone")}, []string{"net0"}, "network b (net0): b: gone"},
		"works after all":        {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, abc)
			w.add(t, "c0")
			w.calls()
			w.fail(test.down)
			forgotten, err := w.Forget(t.Context(), state.KeyOf(sandbox("c0")))
			if err != nil {
				t.Fatal(err)
			}
			w.wantCalls(t, []string{"DEL net1 c", "DEL net0 b", "DEL eth0 a"})
			var left []string
			for _, a := range forgotten.Left {
				left = append(left, a.Interface)
			}
			if diff := cmp.Diff(test.left, left); diff != "" {
				t.Errorf("left behind (-want +got):\n%s", diff)
			}
			if forgotten.Why != nil != (test.why != "") || test.why != "" && !strings.Contains(forgotten.Why.Error(), test.why) {
				t.Errorf("because of %v, want %q", forgotten.Why, test.why)
			}
			if files := w.left(t); len(files) > 0 {
				t.Errorf("still recorded: %v", files)
			}
		})
	}
}

func TestForgetWithoutARecord(t *testing.T) {
	w := newWorld(t, abc)
	if _, err := w.Forget(t.Context(), state.KeyOf(sandbox("c0"))); !errors.Is(err, state.ErrNone) {
		t.Errorf("got %v", err)
	}
	w.add(t, "c0")
	path := filepath.Join(string(w.State), "sandboxes", "c0@eth0.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	forgotten, err := w.Forget(t.Context(), state.KeyOf(sandbox("c0")))
	if err != nil || !errors.Is(forgotten.Why, state.ErrUnreadable) {
		t.Errorf("unreadable: %v, because of %v", err, forgotten.Why)
	}
	if keys, err := w.State.Keys(); err != nil || len(keys) > 0 {
		t.Errorf("still recorded: %v, %v", keys, err)
	}
}

package delegate_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// binEnv tells the tests where TestMain put the recorder.
const binEnv = "DELEGATE_TEST_BIN"

func TestMain(m *testing.M) {
	os.Exit(withRecorder(m))
}

func withRecorder(m *testing.M) int {
	dir, err := os.MkdirTemp("", "delegate")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "recorder"), "../../test/recorder")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "recorder: %v\n%s", err, out)
		return 1
	}
	os.Setenv(binEnv, dir)
	return m.Run()
}

// real is a Runner that runs the recorder, as plugin type recorder.
func real() delegate.Runner {
	return delegate.Runner{Exec: delegate.Process{}, Path: []string{os.Getenv(binEnv)}}
}

// recorded is an attachment to a network of one recorder with the script.
func recorded(t testing.TB, script string) plan.Attachment {
	t.Helper()
	return attachment(t, fmt.Sprintf(`{"cniVersion":"1.1.0","name":"net","plugins":[{"type":"recorder","recorder":%s}]}`, script))
}

func attachment(t testing.TB, conf string) plan.Attachment {
	t.Helper()
	list, _, err := netconf.Parse([]byte(conf), "net")
	if err != nil {
		t.Fatal(err)
	}
	return plan.Attachment{Network: "ns/net", Interface: "net0", Config: list}
}

func sandbox() plan.Sandbox {
	return plan.Sandbox{ContainerID: "c1", NetNS: "/run/netns/c1", IfName: "eth0"}
}

// compact is JSON without insignificant space, to compare by.
func compact(t testing.TB, data json.RawMessage) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

package delegate_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

func TestMain(m *testing.M) { os.Exit(cnitest.Run(m, "test/recorder")) }

// real is a Runner that runs the recorder, as plugin type recorder.
func real() delegate.Runner {
	return delegate.Runner{Exec: delegate.Process{}, Path: []string{cnitest.Binary("")}}
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

package e2e_test

import (
	"strings"
	"testing"
)

// TestReadiness: from CNI 1.1 containerd asks STATUS, and the node is Ready only
// while multus is; before, it is whatever the configuration says.
func TestReadiness(t *testing.T) {
	n := installed(t)
	indicator := "/run/cluster-network-is-there"
	more := doc{"readinessIndicatorFile": indicator, "readinessTimeout": "1s"}
	old := n.own("1.0.0", more)
	n.configure(n.own("1.1.0", more))
	n.ready("False")
	message := n.condition("message")
	if !strings.Contains(message, "readinessIndicatorFile") || !strings.Contains(message, indicator) {
		t.Errorf("the node says %q", message)
	}
	n.write(indicator, "")
	n.ready("True")
	n.start(pod("plain", ""))
	n.truthful("plain", "cbr0")
	n.run("rm", indicator)
	n.ready("False")
	n.write(confPath, old)
	n.ready("True")
	n.apply(pod("waiting", ""))
	t.Log(n.told("waiting", "FailedCreatePodSandBox", "readinessIndicatorFile", "waited 1s"))
	n.write(indicator, "")
	n.running("waiting")
}

// TestVersion11: with CNI 1.1 everything works, and containerd calls what it calls.
func TestVersion11(t *testing.T) {
	n := installed(t)
	n.configure(n.own("1.1.0", doc{"logFile": "/run/multus11.log", "logLevel": "debug", "logFormat": "json"}))
	n.apply(network("one", 1))
	n.start(pod("modern", "one"))
	n.truthful("modern", "cbr0", "default/one")
	n.until("asked", func() bool { return strings.Contains(n.run("cat", "/run/multus11.log"), `"verb":"STATUS"`) })
	n.removePods()
	n.clean()
	t.Log(n.run("sh", "-c", `grep -o '"verb":"[A-Z]*"' /run/multus11.log | sort | uniq -c`))
}

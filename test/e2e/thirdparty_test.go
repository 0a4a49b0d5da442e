package e2e_test

import (
	"path/filepath"
	"strings"

	"github.com/multus-cni/multus/test/thirdparty"
)

// plugin puts a third-party plugin among the node's. Without it the test is skipped.
func (n node) plugin(name string) {
	n.t.Helper()
	n.run("cp", n.program(name), "/opt/cni/bin/"+name)
}

// program is where a third-party program is, the same inside the node.
func (n node) program(name string) string {
	n.t.Helper()
	return thirdparty.Built(n.t, name)
}

// daemon runs a third-party program in the node, with more environment, until the test ends.
func (n node) daemon(name string, env []string, args ...string) {
	n.t.Helper()
	n.process(name, append(append([]string{"env"}, env...), append([]string{n.program(name)}, args...)...)...)
}

// process runs a command in the node until the test ends, and shows what it said
// if that fails.
func (n node) process(name string, command ...string) {
	n.t.Helper()
	log := filepath.Join(n.dir(), "log", name)
	pid := strings.TrimSpace(n.run(append([]string{"sh", "-c", `"$@" >>"$0" 2>&1 & echo $!`, log}, command...)...))
	n.t.Cleanup(func() {
		if n.t.Failed() {
			n.t.Log(n.run("tail", "-n", "40", log))
		}
		n.run("sh", "-c", `kill -KILL "$0" 2>/dev/null; while [ -e "/proc/$0" ]; do sleep 0.1; done`, pid)
	})
}

// on is a pod of another node than the first.
func on(n node, p doc) doc {
	p["spec"].(doc)["nodeName"] = n.name
	return p
}

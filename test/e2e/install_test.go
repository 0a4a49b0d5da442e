package e2e_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Paths that the README names.
const (
	confPath       = "/etc/cni/net.d/00-multus.conflist"
	kubeconfigPath = "/etc/cni/net.d/multus.d/multus.kubeconfig"
)

// logPath is where multus logs, which the README leaves to others.
const logPath = "/var/log/multus.log"

// installed is a node with multus on it, for this test alone while it runs. Multus is
// installed by the commands of the README's section "Install it by hand", as they stand
// there, once on each node; every test finds the README's configuration, with a log, and
// no pods, and leaves the same. Tests that call it run in parallel.
func installed(t *testing.T) node {
	t.Helper()
	t.Parallel()
	return lent(t).prepared()
}

// of is the node for a part of the test that has it.
func (n node) of(t *testing.T) node { return node{t, n.base, n.name} }

// prepared is the node for a test that begins.
func (n node) prepared() node {
	t := n.t
	t.Helper()
	if _, err := n.try("", "test", "-e", confPath); err != nil {
		n.install()
	}
	if left := n.traces(); left != "" {
		t.Fatalf("left by another test:\n%s", left)
	}
	t.Cleanup(n.end)
	return n
}

// end is the end of a test: what it tells if it failed, and no pods, nor anything of theirs.
func (n node) end() {
	n.t.Helper()
	if n.t.Failed() {
		n.evidence()
	}
	n.removePods()
	n.clean()
}

// install does what the README says. Its step 3 is words, for there is more than one way.
func (n node) install() {
	n.t.Helper()
	steps := readme(n.t)
	if len(steps) != 3 {
		n.t.Fatalf("the README has %d steps with commands, not 3: %q", len(steps), steps)
	}
	n.run("sh", "-ec", withoutBuild(steps[0]))
	n.run("sh", "-ec", steps[1])
	n.kubeconfig("2h")
	n.run("sh", "-ec", steps[2])
	n.write(confPath, n.own("1.1.0", doc{"logFile": logPath, "logLevel": "debug"}))
	n.ready("True")
}

// withoutBuild is the first step without ./build: test.sh has built already, and
// the node has its own go cache nowhere.
func withoutBuild(step string) string {
	var kept []string
	for line := range strings.SplitSeq(step, "\n") {
		if !strings.HasPrefix(line, "./build") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// readme is the code blocks of the README's section "Install it by hand".
func readme(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "\n## Install it by hand\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for i, part := range strings.Split(section, "```") {
		if i%2 == 1 {
			blocks = append(blocks, unindent(part))
		}
	}
	return blocks
}

// unindent takes away the indentation of a list's paragraphs.
func unindent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "   ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// kubeconfig makes the kubeconfig of multus with a new token.
func (n node) kubeconfig(duration string) {
	n.t.Helper()
	token := strings.TrimSpace(n.kubectl("create", "token", "multus", "-n", "kube-system", "--duration", duration))
	n.writeKubeconfig(token)
}

func (n node) writeKubeconfig(token string) {
	n.t.Helper()
	server := strings.TrimSpace(n.run("sed", "-nE", `s/.*server: "([^"]*)".*/\1/p`, n.dir()+"/admin.kubeconfig"))
	n.write(kubeconfigPath, `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "`+server+`", certificate-authority: `+n.dir()+`/pki/ca.crt}}]
users: [{name: multus, user: {token: "`+token+`"}}]
contexts: [{name: c, context: {cluster: c, user: multus}}]
current-context: c
`)
	n.run("chmod", "0600", kubeconfigPath)
}

// configure puts another configuration of multus on the node, for this test. Its
// name has to be the README's: containerd deletes with what it finds by then.
func (n node) configure(conf string) {
	n.t.Helper()
	before := n.run("cat", confPath)
	n.t.Cleanup(func() { n.write(confPath, before) })
	n.write(confPath, conf)
	time.Sleep(time.Second) // containerd watches the directory
}

// own is the README's configuration with more keys for multus, and of a CNI version.
func (n node) own(cniVersion string, more doc) string {
	n.t.Helper()
	var conf doc
	n.must(json.Unmarshal([]byte(n.run("cat", confPath)), &conf))
	conf["cniVersion"] = cniVersion
	maps.Copy(conf["plugins"].([]any)[0].(doc), more)
	data, err := json.Marshal(conf)
	n.must(err)
	return string(data)
}

// evidence shows what an administrator would look at to learn why a pod has not what it should.
func (n node) evidence() {
	n.t.Logf("the node in %s, which keeps its logs:", n.base)
	for _, command := range []string{
		"kubectl get pods -A -o wide; kubectl describe pods | grep -v '^ *kube-root-ca'",
		"kubectl get events -A --sort-by=.lastTimestamp | tail -n 20",
		"tail -n 60 " + logPath + " /run/*.log",
		"find /var/lib/cni -type f; tail -n +1 /var/lib/cni/multus/sandboxes/*.json /var/lib/cni/multus/unfinished/*/*.json",
		"ip address; ip route; bridge link",
		`for ns in $(ls /run/netns); do echo "sandbox $ns"; ip -n "$ns" address; ip -n "$ns" route; ip -n "$ns" -6 route; done`,
		"tail -n 5 " + n.dir() + "/log/kubelet " + n.dir() + "/log/containerd",
	} {
		out, err := n.try("", "sh", "-c", command)
		n.t.Logf("%s (%v)\n%s", command, err, out)
	}
}

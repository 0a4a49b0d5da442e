package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long anything may take that a node does by itself: some of it
// the kubelet does every ten seconds or with a pause that grows.
const patience = 90 * time.Second

// node is a node that tests run on, for one test.
type node struct {
	t    *testing.T
	base string // MULTUS_E2E_DIR of its scripts
	name string
}

// dir is where the node's files are, inside and outside.
func (n node) dir() string { return filepath.Join(n.base, "node") }

// try runs a command in the node's namespaces, in the repository's directory, and
// returns what it prints.
func (n node) try(stdin string, command ...string) (string, error) {
	cmd := exec.Command("test/e2e/cluster/enter", command...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), dirVariable+"="+n.base)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		return out.String() + errs.String(), err
	}
	return out.String(), nil
}

// run is try for what has to succeed.
func (n node) run(command ...string) string {
	n.t.Helper()
	return n.feed("", command...)
}

// feed is run with something on standard input.
func (n node) feed(stdin string, command ...string) string {
	n.t.Helper()
	out, err := n.try(stdin, command...)
	if err != nil {
		n.t.Fatalf("%q: %v\n%s%s", command, err, stdin, out)
	}
	return out
}

// kubectl runs kubectl as the administrator.
func (n node) kubectl(args ...string) string {
	n.t.Helper()
	return n.run(append([]string{"kubectl"}, args...)...)
}

// write writes a file of the node.
func (n node) write(path, content string) {
	n.t.Helper()
	n.feed(content, "sh", "-c", `mkdir -p "$(dirname "$0")" && cat >"$0.new" && mv "$0.new" "$0"`, path)
}

// hold stops one of the node's parts and keeps it from starting again, at most until
// the test ends. The kubelet looks for an API server that was away after a pause that
// grows to a minute, and makes no mirror of another test's static pod as long as it
// believes that this one's is there; a new kubelet looks at once.
func (n node) hold(part string) {
	n.t.Helper()
	n.must(os.WriteFile(filepath.Join(n.dir(), "held", part), nil, 0o600))
	if part == "kube-apiserver" {
		n.t.Cleanup(func() { n.kill("kubelet") })
	}
	n.t.Cleanup(func() { n.release(part) })
	n.kill(part)
}

// release lets a part that was held start again.
func (n node) release(part string) {
	if err := os.Remove(filepath.Join(n.dir(), "held", part)); err != nil && !os.IsNotExist(err) {
		n.t.Error(err)
	}
}

// kill kills one of the node's parts, which is started again unless it is held.
func (n node) kill(part string) {
	n.t.Helper()
	pid := filepath.Join(n.dir(), part+".pid")
	n.run("sh", "-c", `pid=$(cat "$0") && kill -KILL "$pid" && while [ -e /proc/$pid ]; do sleep 0.1; done`, pid)
}

// until waits for something to become true; what says what.
func (n node) until(what string, done func() bool) {
	n.t.Helper()
	n.eventually(patience, what, done)
}

// eventually is until with a time of its own.
func (n node) eventually(limit time.Duration, what string, done func() bool) {
	n.t.Helper()
	if !within(limit, done) {
		n.t.Fatalf("after %s: not %s", limit, what)
	}
}

// within tells whether something becomes true in time. The longer a look takes the
// rarer it is: what is waited for needs the machine too.
func within(limit time.Duration, done func() bool) bool {
	for begin := time.Now(); time.Since(begin) < limit; {
		looked := time.Now()
		if done() {
			return true
		}
		time.Sleep(max(100*time.Millisecond, 2*time.Since(looked)))
	}
	return done()
}

// ready waits until the node is Ready, or is not.
func (n node) ready(want string) {
	n.t.Helper()
	n.until("node Ready: "+want, func() bool { return n.condition("status") == want })
}

// condition is a field of the node's condition Ready.
func (n node) condition(field string) string {
	var it struct {
		Status struct{ Conditions []map[string]string }
	}
	if n.api(http.MethodGet, "/api/v1/nodes/"+n.name, &it) != nil {
		return ""
	}
	for _, condition := range it.Status.Conditions {
		if condition["type"] == "Ready" {
			return condition[field]
		}
	}
	return ""
}

// api has the API server do something, as the administrator, and reads its answer. It
// goes through a socket of the node's: a kubectl for each look at what has to become
// true would take more of the machine than what is waited for.
func (n node) api(method, path string, answer any) error {
	request, err := http.NewRequest(method, "http://localhost"+path, nil)
	if err != nil {
		return err
	}
	dial := func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", filepath.Join(n.dir(), "api.sock"))
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return json.Unmarshal(text, answer)
}

func (n node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

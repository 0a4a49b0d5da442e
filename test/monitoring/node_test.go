package monitoring_test

import (
	"bytes"
	"encoding/base64"
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

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const multus = "../../bin/multus"

func TestMain(m *testing.M) {
	if out, err := exec.Command("../../build").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "../../build: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// node is a directory in which an installer runs.
type node struct {
	*testing.T
	dir     string
	address string
}

// plugin is one whose ADD fails as long as there is a file "broken" beside it, where it
// is called broken.
const plugin = `#!/bin/sh
case $CNI_COMMAND in
ADD)
	if [ "${0##*/}" = second ] && [ -e "${0%/*}/broken" ]; then
		echo '{"cniVersion": "1.1.0", "code": 4711, "msg": "broken"}'
		exit 1
	fi
	echo '{"cniVersion": "1.1.0"}'
	;;
esac
`

func newNode(t *testing.T) *node {
	n := &node{T: t, dir: t.TempDir(), address: free(t)}
	n.write("bin/first", plugin, 0o755)
	n.write("bin/second", plugin, 0o755)
	n.write("net.d/10-default.conflist", `{"cniVersion": "1.1.0", "name": "default-network", "plugins": [{"type": "first"}]}`, 0o600)
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iat": 1700000000, "exp": 4102444800}`))
	n.write("account/token", "e30."+claims+".x", 0o600)
	n.write("account/ca.crt", "-", 0o600)
	cmd := exec.Command(multus, "install", "--cni-conf-dir", n.path("net.d"), "--cni-bin-dir", n.path("bin"), "--listen", n.address,
		"--set", "cniDir="+n.path("state"), "--api-server", "https://127.0.0.1:1", "--service-account", n.path("account"))
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	n.must(cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	n.ask("/readyz")
	n.await(func() error {
		_, err := os.Stat(n.path("state/metrics.sock"))
		return err
	})
	return n
}

// free is an address that nothing listens on.
func free(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (n *node) path(name string) string { return filepath.Join(n.dir, name) }

func (n *node) write(name, content string, mode os.FileMode) {
	n.must(os.MkdirAll(filepath.Dir(n.path(name)), 0o700))
	n.must(os.WriteFile(n.path(name), []byte(content), mode))
}

func (n *node) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// cni runs a command with two networks, and checks how it ends.
func (n *node) cni(verb, sandbox string, exit int) {
	n.Helper()
	cmd := exec.Command(multus)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "CNI_COMMAND=" + verb, "CNI_CONTAINERID=" + sandbox, "CNI_NETNS=/proc/0/ns/net", "CNI_IFNAME=eth0", "CNI_PATH=" + n.path("bin")}
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"cniVersion": "1.1.0", "name": "default-network", "type": "multus", "cniDir": %q, "delegates": [
		{"cniVersion": "1.1.0", "name": "default-network", "type": "first"}, {"cniVersion": "1.1.0", "name": "second", "type": "second"}]}`, n.path("state")))
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != exit {
		n.Fatalf("%s %s: %v\n%s", verb, sandbox, err, out)
	}
}

// metrics are what is served once all commands are counted: what is on the socket is
// read in its own time.
func (n *node) metrics() map[string]*dto.MetricFamily {
	n.Helper()
	last, now := []byte(nil), n.scrape()
	for !bytes.Equal(last, now) {
		time.Sleep(100 * time.Millisecond)
		last, now = now, n.scrape()
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(now))
	n.must(err)
	return families
}

func (n *node) scrape() []byte { return n.ask("/metrics") }

// ask asks until the answer is good.
func (n *node) ask(path string) (body []byte) {
	n.Helper()
	n.await(func() error {
		resp, err := http.Get("http://" + n.address + path)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, err = io.ReadAll(resp.Body); err == nil && resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s: %s", path, resp.Status, body)
		}
		return err
	})
	return body
}

// await waits until a function has nothing to say against.
func (n *node) await(check func() error) {
	n.Helper()
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if err := check(); err == nil {
			return
		} else if time.Since(begin) > 30*time.Second {
			n.Fatal(err)
		}
	}
}

package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// Sandbox is what a runtime says about one. The zero value stands for commands
// that are about none.
type Sandbox struct{ ID, NetNS, Namespace, Pod, UID string }

// Env is what the runtime passes in the environment.
func (s Sandbox) Env() []string {
	if s.ID == "" {
		return nil
	}
	return []string{
		"CNI_CONTAINERID=" + s.ID, "CNI_NETNS=" + s.NetNS, "CNI_IFNAME=eth0",
		"CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=" + s.Namespace + ";K8S_POD_NAME=" + s.Pod +
			";K8S_POD_INFRA_CONTAINER_ID=" + s.ID + ";K8S_POD_UID=" + s.UID,
	}
}

// Outcome is how a command ended.
type Outcome struct {
	Verb    string
	Exit    int // -1: by a signal
	Stdout  string
	Stderr  string
	Took    time.Duration
	Code    uint   `json:"code"`
	Msg     string `json:"msg"`
	Details string `json:"details"`
}

// Command is the binary as a runtime starts it, with a configuration.
func (n *Node) Command(verb string, conf any, s Sandbox) *exec.Cmd {
	n.T.Helper()
	data, err := json.Marshal(conf)
	n.Must(err)
	cmd := exec.Command(cnitest.Binary("multus"))
	cmd.Dir, cmd.Stdin = n.Dir, bytes.NewReader(data)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "CNI_COMMAND=" + verb, "CNI_PATH=" + n.Bin}, s.Env()...)
	if n.Wrap != nil {
		n.Wrap(cmd)
	}
	return cmd
}

// Run runs a command to its end.
func (n *Node) Run(verb string, conf any, s Sandbox) Outcome {
	n.T.Helper()
	o := n.Start(n.Command(verb, conf, s)).End()
	o.Verb = verb
	return o
}

// OK holds a command to having succeeded.
func (o Outcome) OK(t testing.TB) Outcome {
	t.Helper()
	if o.Exit != 0 {
		t.Fatalf("%s: exit status %d, %s; standard error: %s", o.Verb, o.Exit, o.Stdout, o.Stderr)
	}
	return o
}

// Refused holds a command to having failed, with a message that has all the texts in it.
func (o Outcome) Refused(t testing.TB, texts ...string) Outcome {
	t.Helper()
	if o.Exit == 0 {
		t.Fatalf("%s succeeded, an error was expected; it answered %s", o.Verb, o.Stdout)
	}
	for _, text := range texts {
		if !strings.Contains(o.Msg, text) {
			t.Errorf("%s: %q says nothing of %q; standard error: %.2000s", o.Verb, o.Msg, text, o.Stderr)
		}
	}
	return o
}

// Started is a command under way.
type Started struct {
	*exec.Cmd
	node           *Node
	stdout, stderr bytes.Buffer
	ended          chan struct{}
	err            error
	took           time.Duration
}

// Start starts a command on the node, which is killed should it hang.
func (n *Node) Start(cmd *exec.Cmd) *Started {
	n.T.Helper()
	s := &Started{Cmd: cmd, node: n, ended: make(chan struct{})}
	s.Stdout, s.Stderr = &s.stdout, &s.stderr
	s.WaitDelay = 5 * time.Second
	begin := time.Now()
	n.Do(s.Start)
	kill := time.AfterFunc(2*time.Minute, func() { _ = s.Process.Kill() })
	go func() {
		s.err = s.Wait()
		s.took = time.Since(begin)
		kill.Stop()
		close(s.ended)
	}()
	n.T.Cleanup(func() { _ = s.Process.Kill(); <-s.ended })
	return s
}

// End waits for the end of the command.
func (s *Started) End() Outcome {
	t := s.node.T
	t.Helper()
	<-s.ended
	if exit := (*exec.ExitError)(nil); s.err != nil && !errors.As(s.err, &exit) {
		t.Fatal(s.err)
	}
	o := Outcome{Exit: s.ProcessState.ExitCode(), Stdout: s.stdout.String(), Stderr: s.stderr.String(), Took: s.took}
	if o.Exit > 0 {
		if err := json.Unmarshal(s.stdout.Bytes(), &o); err != nil || o.Code == 0 || o.Msg == "" {
			t.Errorf("exit status %d without an error object: %q; standard error: %q", o.Exit, o.Stdout, o.Stderr)
		}
	}
	return o
}

// Running are the names of the processes that have a variable in their environment.
func (n *Node) Running(variable string) []string {
	n.T.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	n.Must(err)
	names := []string{}
	for _, file := range files {
		environ, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(environ, []byte(variable+"\x00")) {
			continue // another's, or it has just ended
		}
		if name, err := os.ReadFile(filepath.Join(filepath.Dir(file), "comm")); err == nil {
			names = append(names, strings.TrimSpace(string(name)))
		}
	}
	return names
}

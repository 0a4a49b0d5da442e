package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
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
	return cmd
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

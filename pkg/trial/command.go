package trial

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/containernetworking/plugins/pkg/ns"
)

// codeNotRun is the shells' exit code for a command that cannot be run.
const codeNotRun = 127

// Run runs a command in the first pod to its end and returns its exit code, in
// the shells' manner. Signals are the command's affair meanwhile; a terminal has sent
// its own to the command already.
func (s *Session) Run(cmd *exec.Cmd, onTerminal bool) (int, error) {
	s.say("running in pod %s: %s\n", s.Pods[0], strings.Join(strings.Fields(strings.Join(cmd.Args, " ")), " "))
	cmd.Env = append(os.Environ(), s.environment()...)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := ns.WithNetNSPath(s.Pods[0].Sandbox.NetNS, func(ns.NetNS) error { return cmd.Start() }); err != nil {
		return codeNotRun, fmt.Errorf("command %s: %w", cmd.Args[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			if sig != syscall.SIGINT || !onTerminal {
				_ = cmd.Process.Signal(sig) // it may have ended this moment
			}
		case <-ended: // the exit code counts, whatever became of the output
			s.say("")
			return s.exitCode(cmd.ProcessState), nil
		}
	}
}

func (s *Session) exitCode(ended *os.ProcessState) int {
	code := ended.ExitCode()
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	if code != 0 {
		s.say("the command ended with exit code %d", code)
	}
	return code
}

// environment tells a command where the pods are.
func (s *Session) environment() []string {
	env := []string{"MULTUS_POD=" + s.Pods[0].String()}
	for _, p := range s.Pods {
		name := s.variable(p)
		env = append(env, "MULTUS_NETNS_"+name+"="+p.Sandbox.NetNS)
		for _, i := range p.interfaces {
			suffix := name + "_" + upper(i.name) + "="
			if len(i.addresses) > 0 {
				env = append(env, "MULTUS_IP_"+suffix+i.addresses[0].IP.String())
			}
			if at := slices.IndexFunc(i.addresses, func(a *net.IPNet) bool { return a.IP.To4() == nil }); at >= 0 {
				env = append(env, "MULTUS_IP6_"+suffix+i.addresses[at].IP.String())
			}
		}
	}
	return env
}

// variable is what the environment calls a pod.
func (s *Session) variable(p *Pod) string {
	for _, other := range s.Pods {
		if other != p && upper(other.Name) == upper(p.Name) {
			return upper(p.Namespace) + "_" + upper(p.Name)
		}
	}
	return upper(p.Name)
}

// upper makes a name fit for the environment.
func upper(name string) string {
	return regexp.MustCompile(`[^A-Z0-9]`).ReplaceAllString(strings.ToUpper(name), "_")
}

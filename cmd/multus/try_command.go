package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// codeNotRun is the shells' exit code for a command that is not there.
const codeNotRun = 127

// runIn runs a command in a network namespace to its end and returns its exit
// code, in the shells' manner. Signals are the command's affair meanwhile.
func runIn(path string, cmd *exec.Cmd) (int, error) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := startIn(path, cmd); err != nil {
		return codeNotRun, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			// A terminal has sent its own signals to the command already.
			if s != syscall.SIGINT || !terminal(cmd) {
				_ = cmd.Process.Signal(s) // it may have ended this moment
			}
		case err := <-ended:
			return codeOf(cmd, err)
		}
	}
}

func terminal(cmd *exec.Cmd) bool {
	f, ok := cmd.Stdin.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// startIn starts the command from a thread that is in the namespace, and that
// ends thereafter. The rest of this process stays where it is.
func startIn(path string, cmd *exec.Cmd) error {
	ns, err := netns.GetFromPath(path)
	if err != nil {
		return err
	}
	defer ns.Close()
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := netns.Set(ns); err != nil {
			started <- err
			return
		}
		started <- cmd.Start()
	}()
	return <-started
}

func codeOf(cmd *exec.Cmd, err error) (int, error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return exitFailed, err
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// commandEnv tells a command where the pods are.
func (t *trial) commandEnv() []string {
	env := append(os.Environ(), "MULTUS_POD="+t.pods[0].pod.String())
	for _, p := range t.pods {
		name := t.envName(p)
		env = append(env, "MULTUS_NETNS_"+name+"="+p.sandbox.NetNS)
		for _, i := range p.interfaces {
			env = append(env, addressEnv(name+"_"+upper(i.name), i.addresses)...)
		}
	}
	return env
}

// addressEnv are the variables for the addresses of one interface.
func addressEnv(suffix string, addresses []*net.IPNet) []string {
	var env []string
	for _, a := range addresses {
		if len(env) == 0 {
			env = append(env, "MULTUS_IP_"+suffix+"="+a.IP.String())
		}
		if a.IP.To4() == nil {
			return append(env, "MULTUS_IP6_"+suffix+"="+a.IP.String())
		}
	}
	return env
}

// envName is what the environment calls a pod.
func (t *trial) envName(p *tryPod) string {
	for _, other := range t.pods {
		if other != p && upper(other.pod.Name) == upper(p.pod.Name) {
			return upper(p.pod.Namespace) + "_" + upper(p.pod.Name)
		}
	}
	return upper(p.pod.Name)
}

// upper makes a name fit for the environment.
func upper(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
}

// command runs the command in the first pod, if there is one.
func (t *trial) command() (int, error) {
	if len(t.opts.command) == 0 {
		return exitOK, nil
	}
	t.say("running in pod %s: %s\n", t.pods[0].pod, oneLine(t.opts.command))
	cmd := exec.Command(t.opts.command[0], t.opts.command[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = t.commandEnv(), t.c.stdin, t.c.stdout, t.c.stderr
	code, err := runIn(t.pods[0].sandbox.NetNS, cmd)
	t.say("")
	if err != nil {
		return code, fmt.Errorf("command %s: %w", t.opts.command[0], err)
	}
	if code != 0 {
		t.say("the command ended with exit code %d", code)
	}
	return code, nil
}

// oneLine is a command as a heading: what runs is what was given.
func oneLine(command []string) string {
	line := []rune(strings.Join(strings.Fields(strings.Join(command, " ")), " "))
	if len(line) > 200 {
		return string(line[:199]) + "…"
	}
	return string(line)
}

package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// maxCredential bounds what is read of an exec plugin's output.
	maxCredential = 1 << 20
	// execGrace is how long a plugin that ended or was killed may leave its output open.
	execGrace = 100 * time.Millisecond
)

// execPlugin is a program that fetches credentials: a client of the API group
// client.authentication.k8s.io. What it gave is used for the rest of the process,
// or until the server turns it down.
type execPlugin struct {
	conf execConfig
	info string        // what the plugin is told, as an environment variable
	turn chan struct{} // held by who has it run
	held atomic.Pointer[credential]
}

// execFault is what is wrong with a plugin or its answer.
type execFault struct {
	err   error
	again bool // it may work out another time
}

// Error is what is wrong.
func (f *execFault) Error() string { return f.err.Error() }

// Unwrap is its cause.
func (f *execFault) Unwrap() error { return f.err }

// newExecPlugin prepares the plugin of a kubeconfig's user; ca is the cluster's authority.
func newExecPlugin(a access, ca []byte) (*execPlugin, error) {
	info, err := execInfo(a, ca)
	if err != nil {
		return nil, err
	}
	return &execPlugin{conf: *a.user.Exec, info: info, turn: make(chan struct{}, 1)}, nil
}

// now is what the plugin gave, which is run by the first who asks.
func (p *execPlugin) now(ctx context.Context) (*credential, error) {
	if got := p.held.Load(); got != nil {
		return got, nil
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.turn }()
	if got := p.held.Load(); got != nil {
		return got, nil
	}
	got, err := p.fetch(ctx)
	if err != nil {
		return nil, err
	}
	p.held.Store(got)
	return got, nil
}

// refused has the plugin run anew.
func (p *execPlugin) refused(c *credential) { p.held.CompareAndSwap(c, nil) }

// cure is what to do about credentials that the server turns down.
func (p *execPlugin) cure() string {
	return "run the plugin by hand as the user that the container runtime runs as, and see what it prints"
}

// certificate is the certificate for a new connection, an empty one for none.
func (p *execPlugin) certificate(ctx context.Context) (*tls.Certificate, error) {
	got, err := p.now(ctx)
	if err != nil {
		return nil, err
	}
	if got.cert == nil {
		return &tls.Certificate{}, nil
	}
	return got.cert, nil
}

// fetch runs the plugin.
func (p *execPlugin) fetch(ctx context.Context) (*credential, error) {
	bounded, stop := context.WithCancel(ctx)
	defer stop()
	out := &output{full: stop}
	cmd := exec.CommandContext(bounded, p.conf.Command, p.conf.Args...)
	cmd.Env = os.Environ()
	for _, v := range p.conf.Env {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	cmd.Env = append(cmd.Env, execInfoVariable+"="+p.info)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that its children die with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = execGrace
	err := cmd.Run()
	switch {
	case out.overflow:
		return nil, &execFault{err: fmt.Errorf("it printed more than %d MiB", maxCredential>>20)}
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && !errors.Is(err, exec.ErrWaitDelay): // a process left behind says no more
		return nil, p.broken(err)
	}
	got, err := readCredential(out.data, p.conf.APIVersion)
	if err != nil {
		return nil, &execFault{err: err}
	}
	return got, nil
}

// broken tells why the plugin did not work. What it says itself goes to
// Multus's own standard error: it may be a secret.
func (p *execPlugin) broken(err error) error {
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return &execFault{again: true, err: fmt.Errorf("it ended with %s; what it said is on Multus's standard error", ended)}
	}
	var missing *exec.Error
	if errors.As(err, &missing) {
		err = missing.Err
	}
	if hint := shorten(p.conf.InstallHint, maxText); hint != "" {
		return &execFault{err: fmt.Errorf("%w; %s", unwrapPath(err), hint)}
	}
	return &execFault{err: fmt.Errorf("%w; install it, or correct user.exec.command", unwrapPath(err))}
}

// output keeps what a plugin prints, up to a bound.
type output struct {
	data     []byte
	overflow bool
	full     func() // called past the bound
}

// Write keeps the text.
func (o *output) Write(text []byte) (int, error) {
	if len(o.data)+len(text) > maxCredential {
		o.overflow = true
		o.full()
		return 0, errors.New("too much output")
	}
	o.data = append(o.data, text...)
	return len(text), nil
}

package kube

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// impatient ends a request with its context also while client-go waits for an
// exec plugin, for which it has no bound.
type impatient struct {
	http.RoundTripper
	plugin string
}

// RoundTrip is the wrapped one's, as long as the context lasts.
func (t impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	var (
		resp *http.Response
		err  error
		done = make(chan struct{})
	)
	go func() {
		defer close(done)
		resp, err = t.RoundTripper.RoundTrip(r)
	}()
	select {
	case <-done:
		return resp, err
	case <-r.Context().Done():
		for _, pid := range children("self") {
			line, _ := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
			if bytes.Contains(line, []byte(filepath.Base(t.plugin))) {
				killTree(pid)
			}
		}
		return nil, r.Context().Err()
	}
}

// killTree kills a process and those that it started. Left alone they would hold
// standard error open, whose end the container runtime waits for.
func killTree(pid string) {
	for _, child := range children(pid) {
		killTree(child)
	}
	if n, err := strconv.Atoi(pid); err == nil {
		_ = syscall.Kill(n, syscall.SIGKILL)
	}
}

func children(pid string) (pids []string) {
	files, _ := filepath.Glob(filepath.Join("/proc", pid, "task/*/children"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		pids = append(pids, strings.Fields(string(text))...)
	}
	return pids
}

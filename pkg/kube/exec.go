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
		killChildren("self", filepath.Base(t.plugin))
		return nil, r.Context().Err()
	}
}

// killChildren kills the processes that a process started whose command line has
// the text, and those that they started. Left alone they would hold standard
// error open, whose end the container runtime waits for.
func killChildren(pid, text string) {
	files, _ := filepath.Glob(filepath.Join("/proc", pid, "task/*/children"))
	for _, file := range files {
		list, _ := os.ReadFile(file)
		for _, child := range strings.Fields(string(list)) {
			line, _ := os.ReadFile(filepath.Join("/proc", child, "cmdline"))
			if n, err := strconv.Atoi(child); err == nil && bytes.Contains(line, []byte(text)) {
				killChildren(child, "")
				_ = syscall.Kill(n, syscall.SIGKILL)
			}
		}
	}
}

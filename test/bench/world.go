package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// world is what multus finds around it: binaries, API servers, configurations.
type world struct {
	dir     string
	servers map[time.Duration]*server
	serial  int // sandboxes so far
}

const (
	near = 0
	far  = 10 * time.Millisecond
)

// maxNADs is how many networks there are: net0, net1…
const maxNADs = 32

// newWorld builds what is measured, unless it is given, and what it is measured with.
func newWorld(dir, multus string) (*world, error) {
	w := &world{dir: dir, servers: map[time.Duration]*server{}}
	if err := errors.Join(os.Mkdir(w.path("built"), 0o700), os.Mkdir(w.path("bin"), 0o700)); err != nil {
		return nil, err
	}
	if err := cnitest.Build(w.path("built"), "cmd/multus", "test/bench/noop", "test/bench/bare", "test/bench/timed", "test/bench/clientgo"); err != nil {
		return nil, err
	}
	for _, name := range []string{"noop", "bare", "timed", "clientgo"} {
		if err := install(w.path("built/"+name), w.path("bin/"+name)); err != nil {
			return nil, err
		}
	}
	if err := install(cmp.Or(multus, w.path("built/multus")), w.path("bin/multus")); err != nil {
		return nil, err
	}
	for _, latency := range []time.Duration{near, far} {
		s, err := w.serve(latency)
		if err != nil {
			return nil, errors.Join(err, w.close())
		}
		w.servers[latency] = s
	}
	return w, nil
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// install copies a binary with one write, each in the same way: how a file came
// into the page cache decides on the number of page faults for good, and a
// linker's output has a tenth more of them than a copy.
func install(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}

func output(cmd *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, &stderr)
	}
	return out, nil
}

func (w *world) close() error {
	var errs []error
	for _, s := range w.servers {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

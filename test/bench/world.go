package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/multus-cni/multus/test/bench/timing"
)

// world is what multus finds around it: binaries, API servers, configurations.
type world struct {
	dir     string
	multus  string
	servers map[time.Duration]*server
	serial  int // sandboxes so far
}

const (
	near = 0
	far  = 10 * time.Millisecond
)

// maxNADs is how many networks there are: net0, net1…
const maxNADs = 32

func newWorld(ctx context.Context, dir, binary string) (*world, error) {
	w := &world{dir: dir, multus: binary, servers: map[time.Duration]*server{}}
	if err := w.build(ctx); err != nil {
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

// build builds what is measured and what it is measured with.
func (w *world) build(ctx context.Context) error {
	if err := errors.Join(os.Mkdir(w.path("built"), 0o700), os.Mkdir(w.path("bin"), 0o700)); err != nil {
		return err
	}
	root, err := output(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}"))
	if err != nil {
		return err
	}
	own := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", w.path("built")+"/",
		"./test/bench/noop", "./test/bench/bare", "./test/bench/timed", "./test/bench/clientgo")
	own.Dir, own.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if _, err := output(own); err != nil {
		return err
	}
	if w.multus == "" {
		product := exec.CommandContext(ctx, "./build")
		product.Dir = root
		name, err := output(product)
		if err != nil {
			return err
		}
		w.multus = filepath.Join(root, name)
	}
	for _, name := range []string{"noop", "bare", "timed", "clientgo"} {
		if err := install(w.path("built/"+name), w.path("bin/"+name)); err != nil {
			return err
		}
	}
	from := w.multus
	w.multus = w.path("bin/multus")
	return install(from, w.multus)
}

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

func output(cmd *exec.Cmd) (string, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}

func (w *world) close() error {
	var errs []error
	for _, s := range w.servers {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

// order has processes run by timed, whose own memory is too small to be seen in theirs.
func (w *world) order(ctx context.Context, o timing.Order) (timing.Report, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return timing.Report{}, err
	}
	cmd := exec.CommandContext(ctx, w.path("bin/timed"))
	cmd.Stdin = bytes.NewReader(data)
	printed, err := output(cmd)
	if err != nil {
		return timing.Report{}, err
	}
	var report timing.Report
	if err := json.Unmarshal([]byte(printed), &report); err != nil {
		return timing.Report{}, err
	}
	for i, c := range report.Costs {
		if c.Exit != 0 {
			return report, fmt.Errorf("%s: exit status %d\n%s", strings.Join(o.Runs[i].Args, " "), c.Exit, c.Output)
		}
	}
	return report, nil
}

package node_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/node"
)

// run starts the installer, and has it end with the test.
func (h host) run() *node.Health {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan bool)
	health := &node.Health{}
	go func() { h.Run(ctx, health); close(ended) }()
	h.t.Cleanup(func() { cancel(); <-ended })
	return health
}

// eventually waits for something to become so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func (h host) has(file, text string) func() bool {
	return func() bool {
		data, err := os.ReadFile(filepath.Join(h.ConfDir, file))
		return err == nil && strings.Contains(string(data), text)
	}
}

// TestRun lives through what happens to a node; the poll is too far away to help.
func TestRun(t *testing.T) {
	h := bareHost(t)
	health := h.run()
	eventually(t, "it waits for a default network", func() bool { return errors.Is(health.Err(), node.ErrNoDefaultNetwork) })
	h.conf("10-flannel.conflist", flannel)
	eventually(t, "ready", func() bool { return health.Err() == nil && h.has("00-multus.conflist", `"cbr0"`)() })
	h.conf("10-flannel.conflist", strings.Replace(flannel, "cbr0", "cbr1", 1))
	eventually(t, "renamed", h.has("00-multus.conflist", `"cbr1"`))
	cnitest.Must(t, os.Remove(filepath.Join(h.ConfDir, "00-multus.conflist")))
	eventually(t, "written again", h.has("00-multus.conflist", `"cbr1"`))
	h.write(filepath.Join(h.API.Account, "token"), "token 2")
	eventually(t, "a new token", h.has("multus.d/token", "token 2"))
	cnitest.Must(t, os.Remove(filepath.Join(h.BinDirs[0], "multus")))
	eventually(t, "the binary again", func() bool { _, err := os.Stat(filepath.Join(h.BinDirs[0], "multus")); return err == nil })
	eventually(t, "the directory goes, though it is made again", func() bool { return os.RemoveAll(h.ConfDir) == nil })
	eventually(t, "not ready without the default network", func() bool { return errors.Is(health.Err(), node.ErrNoDefaultNetwork) })
	h.conf("10-flannel.conflist", flannel)
	eventually(t, "ready again", func() bool { return health.Err() == nil && h.has("00-multus.conflist", `"cbr0"`)() })
}

// TestNoFight: a default network may change as often as it likes.
func TestNoFight(t *testing.T) {
	h := newHost(t)
	health := h.run()
	for i := range 8 {
		name := fmt.Sprintf("cbr%d", i)
		h.conf("10-flannel.conflist", strings.Replace(flannel, "cbr0", name, 1))
		eventually(t, name, h.has("00-multus.conflist", `"`+name+`"`))
		if err := health.Err(); errors.Is(err, node.ErrFight) {
			t.Fatal(err)
		}
	}
}

// TestFight: who takes the configuration away at once is not raced for ever.
func TestFight(t *testing.T) {
	h := newHost(t)
	health := h.run()
	path, taken := filepath.Join(h.ConfDir, "00-multus.conflist"), 0
	eventually(t, "the fight is noticed", func() bool {
		if os.Rename(path, path+".cilium_bak") == nil {
			taken++
		}
		return errors.Is(health.Err(), node.ErrFight)
	})
	time.Sleep(500 * time.Millisecond)
	if taken > 10 {
		t.Errorf("%d rounds", taken)
	}
	if !strings.Contains(health.Err().Error(), "cni.exclusive=false") {
		t.Error(health.Err())
	}
}

// TestLinkThatLeadsElsewhere: an upgrade of microk8s or k3s flips the link current, and
// the directories behind it are others from then on. The poll is too far away to help.
func TestLinkThatLeadsElsewhere(t *testing.T) {
	h := bareHost(t)
	root := filepath.Dir(h.ConfDir)
	current := filepath.Join(root, "current")
	h.ConfDir, h.BinDirs = filepath.Join(current, "net.d"), []string{filepath.Join(current, "bin")}
	flip := func(revision string) {
		h.write(filepath.Join(root, revision, "net.d", "10-flannel.conflist"), strings.Replace(flannel, "cbr0", "cbr-"+revision, 1))
		cnitest.Must(t, errors.Join(os.Symlink(revision, current+".new"), os.Rename(current+".new", current)))
	}
	flip("r1")
	health := h.run()
	for _, revision := range []string{"r1", "r2", "r3"} {
		if revision != "r1" {
			flip(revision)
		}
		eventually(t, "installed in "+revision, func() bool {
			data, err := os.ReadFile(filepath.Join(root, revision, "net.d", "00-multus.conflist"))
			_, binErr := os.Stat(filepath.Join(root, revision, "bin", "multus"))
			return err == nil && binErr == nil && strings.Contains(string(data), `"cbr-`+revision+`"`)
		})
	}
	eventually(t, "ready", func() bool { return health.Err() == nil })
}

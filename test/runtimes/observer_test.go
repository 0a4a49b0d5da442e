package runtimes_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/go-cni"
	"github.com/cri-o/ocicni/pkg/ocicni"
)

// observer loads the runtime's directory again and again while others change it, as a
// runtime that starts at that very moment would: by go-cni as often as it can, and by
// ocicni, which starts every plugin for it, in its turn.
type observer struct {
	h *host
	// multus says that pods must be attached with multus: it was there, and nobody but
	// the installer has touched it since.
	multus atomic.Bool
	had    bool // a network, once
	looks  atomic.Int64

	mu     sync.Mutex
	faults []string
	step   string
	stop   chan struct{}
	ended  sync.WaitGroup
}

func (h *host) observe() *observer {
	o := &observer{h: h, stop: make(chan struct{})}
	o.every(2*time.Millisecond, o.containerd)
	o.every(50*time.Millisecond, o.crio)
	h.T.Cleanup(func() {
		close(o.stop)
		o.ended.Wait()
		h.T.Logf("%d looks at the directory", o.looks.Load())
		for _, fault := range o.faults {
			h.T.Error(fault)
		}
	})
	return o
}

func (o *observer) every(pause time.Duration, look func(must bool) error) {
	o.ended.Go(func() {
		for {
			select {
			case <-o.stop:
				return
			case <-time.After(pause):
			}
			// What was demanded before the look, and is after it, held all the while.
			must := o.multus.Load()
			err := look(must)
			o.looks.Add(1)
			if err != nil && o.multus.Load() == must {
				o.blame(err)
			}
		}
	})
}

func (o *observer) blame(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if fault := fmt.Sprintf("%s: %v", o.step, err); len(o.faults) < 10 {
		o.faults = append(o.faults, fault)
	}
}

// at names what is going on, for faults.
func (o *observer) at(step string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.step = step
}

// containerd looks with go-cni. A file that goes between the listing and the reading
// has containerd load once more at the event of that, so the look is repeated.
func (o *observer) containerd(must bool) error {
	c := newContainerd(o.h)
	err := c.Load(loadOptions()...)
	for range 3 {
		if !gone(err) {
			break
		}
		err = c.Load(loadOptions()...)
	}
	if err != nil && strings.Contains(err.Error(), cni.ErrCNINotInitialized.Error()) && !o.had && !must {
		return nil // nothing yet
	}
	if err != nil {
		return fmt.Errorf("containerd: %w", err)
	}
	o.had = true
	list := c.GetConfig().Networks[1].Config
	switch plugin := list.Plugins[0].Network.Type; {
	case plugin == "multus":
		return notInItself("containerd", list.Source)
	case must:
		return fmt.Errorf("containerd: pods are attached with %s, without multus", plugin)
	}
	return nil
}

func gone(err error) bool {
	return err != nil && strings.Contains(err.Error(), fs.ErrNotExist.Error()) || err != nil && strings.Contains(err.Error(), "no such file")
}

// crio looks with ocicni.
func (o *observer) crio(must bool) error {
	p, err := ocicni.InitCNINoInotify("", o.h.confDir, o.h.Path("crio"), o.h.Bin)
	if err != nil {
		return err
	}
	network, plugin := (&crio{p}).next()
	if must && plugin != "multus" {
		return fmt.Errorf("cri-o: pods are attached to %q with %q, without multus", network, plugin)
	}
	return nil
}

// notInItself: the default network of multus is not multus, where it is there at all.
func notInItself(who, conf string) error {
	var list struct {
		Plugins []struct{ ClusterNetwork string }
	}
	if err := json.Unmarshal([]byte(conf), &list); err != nil {
		return fmt.Errorf("%s: %w", who, err)
	}
	if len(list.Plugins) != 1 {
		return fmt.Errorf("%s: %d plugins in multus's own list", who, len(list.Plugins))
	}
	info, err := os.Stat(list.Plugins[0].ClusterNetwork)
	if err != nil || info.IsDir() { // it went, or has not come yet
		return nil
	}
	data, err := os.ReadFile(list.Plugins[0].ClusterNetwork)
	if err == nil && strings.Contains(string(data), `"multus`) {
		return fmt.Errorf("%s: the default network of multus is multus: %s", who, data)
	}
	return nil
}

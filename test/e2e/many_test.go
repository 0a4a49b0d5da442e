package e2e_test

import (
	"fmt"
	"testing"
	"time"
)

const herd = 20

// TestManyAtOnce starts and deletes many pods, without multus, with multus, and
// with networks, and tells how long it took.
func TestManyAtOnce(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1), network("two", 2))
	for _, c := range []struct{ name, networks string }{{"without multus", ""}, {"no networks", ""}, {"two networks", "one,two"}} {
		t.Run(c.name, func(t *testing.T) {
			n := n.of(t).prepared()
			if c.name == "without multus" {
				n.withoutMultus()
			}
			var pods []doc
			for i := range herd {
				pods = append(pods, pod(fmt.Sprintf("many-%d", i), c.networks))
			}
			alone := n.start(pod("alone", c.networks))
			n.removePods()
			n.clean()
			all := n.start(pods...)
			begin := time.Now()
			n.removePods()
			n.clean()
			t.Logf("%s: one pod running after %.1f s, %d after %.1f s, gone after %.1f s", c.name, alone.Seconds(), herd, all.Seconds(), time.Since(begin).Seconds())
		})
	}
}

// TestManyAreTruthful: no network-status is another pod's.
func TestManyAreTruthful(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1), network("two", 2))
	var pods []doc
	for i := range herd {
		pods = append(pods, pod(fmt.Sprintf("many-%d", i), "one,two"))
	}
	n.start(pods...)
	for i := range herd {
		n.truthful(fmt.Sprintf("many-%d", i), "cbr0", "default/one", "default/two")
	}
}

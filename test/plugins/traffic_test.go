package plugins_test

import (
	"net"
	"testing"
	"time"

	current "github.com/containernetworking/cni/pkg/types/100"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// TestOverlay lets pods of two nodes talk over a bridge that a vxlan tunnel
// continues on the other node.
func TestOverlay(t *testing.T) {
	t.Parallel()
	a, b := newNode(t), newNode(t)
	a.Wire("up0", b.NetNS, "up0")
	overlay(a, "192.0.2.1", "192.0.2.2")
	overlay(b, "192.0.2.2", "192.0.2.1")
	web, db := a.newPod(t, "web"), b.newPod(t, "db")
	over := func(address string) string {
		return `{"cniVersion": "1.1.0", "name": "overlay", "type": "bridge", "bridge": "br-overlay", "mtu": 1450,
			"ipam": {"type": "static", "addresses": [{"address": "` + address + `"}]}}`
	}
	dbConf := b.conf("1.1.0", clusterBridge, over("10.9.0.2/24"))
	db.add(dbConf)
	defer listen(db.NetNS, "10.9.0.2:5432")()
	web.life(a.conf("1.1.0", clusterBridge, over("10.9.0.1/24")), func(*current.Result) {
		reach(t, web.NetNS, "10.9.0.2:5432")
	})
	db.check(dbConf)
	db.del(dbConf)
}

// overlay gives the node a bridge with a tunnel to the other node as its port.
func overlay(n *host, own, other string) {
	n.AddAddresses("up0", own+"/24")
	n.addVxlan(other)
	n.addBridge("br-overlay", "vx42")
}

// listen accepts connections on an address of the namespace until it is stopped.
func listen(ns *cnitest.NetNS, address string) (stop func()) {
	var l net.Listener
	ns.Do(func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close() // that it came is all that counts
		}
	}()
	return func() { _ = l.Close() }
}

// reach connects from the namespace to an address.
func reach(t testing.TB, from *cnitest.NetNS, address string) {
	t.Helper()
	if err := dial(from, address, 5*time.Second); err != nil {
		t.Errorf("%s is out of reach: %v", address, err)
	}
}

// closed makes sure that nobody answers at an address.
func closed(t testing.TB, from *cnitest.NetNS, address string) {
	t.Helper()
	if dial(from, address, 200*time.Millisecond) == nil {
		t.Errorf("somebody answers at %s", address)
	}
}

func dial(from *cnitest.NetNS, address string, patience time.Duration) error {
	var failed error
	from.Do(func() error {
		var c net.Conn
		if c, failed = net.DialTimeout("tcp", address, patience); failed == nil {
			_ = c.Close()
		}
		return nil
	})
	return failed
}

package thirdparty_test

import "testing"

// TestRDMAWithoutDevice: on a machine without RDMA devices the plugin refuses, and
// what the one before it made is taken back.
func TestRDMAWithoutDevice(t *testing.T) {
	h := newHost(t, "rdma")
	h.nad("roce", `{"cniVersion": "0.3.1", "plugins": [
		{"type": "bridge", "bridge": "br1", "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.2.0.0/24"}},
		{"type": "rdma"}]}`, nil)
	p := h.pod("web", "roce")
	for range 2 {
		p.refused("ADD", "network default/roce (net0): rdma: ")
		p.ok("DEL")
		h.clean()
	}
}

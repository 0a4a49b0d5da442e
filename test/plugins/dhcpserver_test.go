package plugins_test

import (
	"fmt"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/insomniacslk/dhcp/dhcpv4/server4"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// dhcpServer hands out 10.7.0.100 and what follows, and remembers who has what.
type dhcpServer struct {
	t    testing.TB
	mu   sync.Mutex
	next byte
	lent map[string]net.IP // by client identifier
}

// serveDHCP runs a server on an interface of a namespace, which gets 10.7.0.1.
func serveDHCP(t testing.TB, ns *cnitest.NetNS, iface string) *dhcpServer {
	t.Helper()
	ns.AddAddresses(iface, "10.7.0.1/24")
	s := &dhcpServer{t: t, next: 100, lent: map[string]net.IP{}}
	var server *server4.Server
	ns.Do(func() error {
		// As real servers do: the kernel takes a client that speaks from 0.0.0.0
		// to the server's own address, releasing a lease, for a martian.
		raw, err := nclient4.NewRawUDPConn(iface, dhcpv4.ServerPort)
		if err != nil {
			return err
		}
		server, err = server4.NewServer(iface, nil, s.handle, server4.WithConn(raw))
		return err
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve() // ends with an error when it is closed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return s
}

func (s *dhcpServer) handle(conn net.PacketConn, peer net.Addr, m *dhcpv4.DHCPv4) {
	s.mu.Lock()
	defer s.mu.Unlock()
	client := string(m.Options.Get(dhcpv4.OptionClientIdentifier))
	kind := dhcpv4.MessageTypeOffer
	switch m.MessageType() {
	case dhcpv4.MessageTypeRelease:
		delete(s.lent, client)
		return
	case dhcpv4.MessageTypeRequest:
		kind = dhcpv4.MessageTypeAck
		if s.lent[client] == nil {
			s.lent[client] = net.IPv4(10, 7, 0, s.next)
			s.next++
		}
	}
	ip := s.lent[client]
	if ip == nil {
		ip = net.IPv4(10, 7, 0, s.next)
	}
	reply, err := dhcpv4.NewReplyFromRequest(m,
		dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(ip), dhcpv4.WithLeaseTime(3600),
		dhcpv4.WithServerIP(net.IPv4(10, 7, 0, 1)), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(10, 7, 0, 1))),
		dhcpv4.WithNetmask(net.CIDRMask(24, 32)), dhcpv4.WithRouter(net.IPv4(10, 7, 0, 1)))
	if err == nil {
		_, err = conn.WriteTo(reply.ToBytes(), peer)
	}
	if err != nil {
		s.t.Errorf("DHCP server: %v", err)
	}
}

// leases are the addresses that are lent, sorted.
func (s *dhcpServer) leases() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []string{}
	for _, ip := range s.lent {
		list = append(list, ip.String())
	}
	slices.Sort(list)
	return list
}

// awaitLeases waits until exactly these addresses are lent: the client's word
// that it releases one is a packet that takes its time.
func (s *dhcpServer) awaitLeases(n *host, want ...string) {
	n.T.Helper()
	n.Await(fmt.Sprintf("the DHCP server lends %v", want), func() bool { return slices.Equal(s.leases(), want) })
}

// dhcpDaemon runs the dhcp plugin's daemon on the node, until the test ends. It
// gives a lease up after 5 s.
func (n *host) dhcpDaemon() {
	n.T.Helper()
	socket := n.Node.Path("dhcp.sock")
	daemon := exec.Command(cnitest.Binary("dhcp"), "daemon", "-socketpath", socket, "-resendtimeout", "5s")
	daemon.Stderr = os.Stderr
	n.Do(daemon.Start)
	n.T.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait() // tells no more than that it was killed
	})
	n.Await("the dhcp daemon listens", func() bool {
		c, err := rpc.DialHTTP("unix", socket)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/lint"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/regular"
)

// maxLease bounds what is read of a file of host-local's.
const maxLease = 4 << 10

// scarce is below which share of its addresses a range is short of them.
const scarce = 0.1

// pool is what host-local hands out of one set of ranges of a network.
type pool struct {
	network string
	dir     string // called by the CNI network's name
	ranges  []lint.Range
	size    int
}

// addresses tells how many addresses host-local has left to hand out.
func addresses(_ context.Context, s *survey) []Finding {
	keys, _ := s.state().Keys() // what cannot be read is another check's
	recorded := map[string]bool{}
	for _, k := range keys {
		recorded[k.ContainerID] = true
	}
	var found []Finding
	pools := s.pools()
	for _, p := range pools {
		used, lost, err := p.used(recorded)
		if err != nil {
			found = append(found, warning("", "network %s: %v", p.network, err)...)
			continue
		}
		free := p.size - min(used, p.size)
		if free > 0 && float64(free) >= scarce*float64(p.size) {
			continue
		}
		what, cure := fmt.Sprintf("network %s: %d of %d addresses of %s are free", p.network, free, p.size, p.ranges[0].Subnet), "widen the range"
		if lost > 0 {
			what += fmt.Sprintf("; %d are taken by containers that are not on record", lost)
			cure += ", or remove the files in " + p.dir + " that are of pods which are gone"
		}
		level := Warning
		if free == 0 {
			level = Fault
		}
		found = append(found, finding(level, cure, "%s", what)...)
	}
	return or(found, ok("%s of host-local, none short of addresses", counted(len(pools), "range", "ranges")))
}

// pools are those of all networks, each once.
func (s *survey) pools() []pool {
	var all []pool
	for _, n := range s.known().networks {
		for _, plugin := range n.list.Plugins() {
			all = append(all, poolsOf(n, plugin)...)
		}
	}
	slices.SortStableFunc(all, func(a, b pool) int { return strings.Compare(a.dir, b.dir) })
	return slices.CompactFunc(all, func(a, b pool) bool { return a.dir == b.dir && slices.Equal(a.ranges, b.ranges) })
}

// poolsOf are those of one plugin: one for each set of ranges.
func poolsOf(n network, plugin netconf.Plugin) []pool {
	dir, ranges := lint.HostLocal(plugin)
	var all []pool
	for i, r := range ranges {
		if i == 0 || r.Set != ranges[i-1].Set {
			all = append(all, pool{network: n.name, dir: filepath.Join(dir, n.list.Name())})
		}
		at := &all[len(all)-1]
		at.ranges, at.size = append(at.ranges, r), at.size+size(r)
	}
	return all
}

// used is how many addresses are taken, and how many of these by containers that are
// not on record: host-local keeps a file for each, which begins with the container's ID.
func (p pool) used(recorded map[string]bool) (used, lost int, err error) {
	entries, err := os.ReadDir(p.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, err
	}
	for _, e := range entries {
		if !p.holds(e.Name()) {
			continue
		}
		used++
		owner, _ := regular.Read(filepath.Join(p.dir, e.Name()), maxLease) // it may be gone by now
		if id, _, _ := strings.Cut(string(owner), "\n"); !recorded[strings.TrimSpace(id)] {
			lost++
		}
	}
	return used, lost, nil
}

// holds tells whether an address is one of the pool's.
func (p pool) holds(text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && slices.ContainsFunc(p.ranges, func(r lint.Range) bool { return !addr.Less(r.First) && !r.Last.Less(addr) })
}

// size is how many addresses of a range there are to be had: not the gateway, which is
// the first of the network if nothing else is said, nor IPv4's broadcast address.
func size(r lint.Range) int {
	between := new(big.Int).Sub(new(big.Int).SetBytes(r.Last.AsSlice()), new(big.Int).SetBytes(r.First.AsSlice()))
	if between.BitLen() > 31 {
		return math.MaxInt32 // more than anybody uses
	}
	n := int(between.Int64()) + 1
	if gateway := r.Subnet.Addr().Next(); gateway == r.First {
		n--
	}
	if r.Last.Is4() && !r.Subnet.Contains(r.Last.Next()) {
		n--
	}
	return n
}

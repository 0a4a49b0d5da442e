package doctor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/lint"
	"github.com/multus-cni/multus/pkg/netconf"
)

// scarce is below which share of its addresses a range is short of them.
const scarce = 0.1

// pool is what host-local hands out of one set of ranges of a network.
type pool struct {
	network string
	dir     string // called by the CNI network's name
	ranges  []lint.Range
	size    uint64
}

// addresses tells how many addresses host-local has left to hand out.
func addresses(_ context.Context, s *survey) []Finding {
	var found []Finding
	pools := s.pools()
	for _, p := range pools {
		used, err := p.used()
		if err != nil {
			found = append(found, warning("", "network %s: %v", p.network, err)...)
			continue
		}
		free := p.size - min(used, p.size)
		what := fmt.Sprintf("network %s: %d of %d addresses of %s are free", p.network, free, p.size, p.ranges[0].Subnet)
		const cure = "widen the range, or see which of the files in %s are of pods that are gone (`multus list`, `multus gc`)"
		switch {
		case free == 0:
			found = append(found, faulty(fmt.Sprintf(cure, p.dir), "%s", what)...)
		case float64(free) < scarce*float64(p.size):
			found = append(found, warning(fmt.Sprintf(cure, p.dir), "%s", what)...)
		}
	}
	if len(found) > 0 {
		return few(found)
	}
	return ok("%s of host-local, none short of addresses", counted(len(pools), "range", "ranges"))
}

// pools are those of all networks, each once.
func (s *survey) pools() []pool {
	var all []pool
	for _, n := range s.known().all() {
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

// used is how many addresses are taken: host-local keeps a file for each.
func (p pool) used() (uint64, error) {
	entries, err := os.ReadDir(p.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	var n uint64
	for _, e := range entries {
		addr, err := netip.ParseAddr(e.Name())
		for _, r := range p.ranges {
			if err == nil && !addr.Less(r.First) && !r.Last.Less(addr) {
				n++
			}
		}
	}
	return n, nil
}

// size is how many addresses of a range there are to be had: not the gateway, which is
// the first of the network if nothing else is said, nor IPv4's broadcast address.
func size(r lint.Range) uint64 {
	first, last := r.First.As16(), r.Last.As16()
	low := binary.BigEndian.Uint64(last[8:]) - binary.BigEndian.Uint64(first[8:])
	if [8]byte(first[:8]) != [8]byte(last[:8]) || low > math.MaxInt32 {
		return math.MaxInt32 // more than anybody uses
	}
	n := low + 1
	if gateway := r.Subnet.Addr().Next(); gateway == r.First {
		n--
	}
	if r.Last.Is4() && !r.Subnet.Contains(r.Last.Next()) {
		n--
	}
	return n
}

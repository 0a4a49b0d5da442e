package doctor

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// network is one that pods of this node may get.
type network struct {
	name   string
	list   netconf.List
	device bool // pods with it go only where its device is
}

// known are the networks that pods of this node may get.
type known struct {
	everywhere    []netconf.List // what every pod gets, the default network first
	everywhereErr error
	networks      []network // these, and all that the API server has
	bad           []Finding // of the API server's
	err           error     // why they could not be listed
}

// learn reads them from the API server.
func (s *survey) learn(ctx context.Context) known {
	var k known
	planner := plan.Planner{Conf: s.conf}
	asks := s.client != nil && s.away() == nil // there is no use in asking it again and again
	if asks {
		planner.Definitions = s.client
	}
	k.everywhere, k.everywhereErr = planner.Everywhere(ctx)
	for _, l := range k.everywhere {
		k.networks = append(k.networks, network{name: l.Name(), list: l})
	}
	if !asks {
		return k
	}
	var all map[plan.Ref]plan.Definition
	if all, k.err = s.client.AllDefinitions(ctx); k.err != nil {
		return k
	}
	for _, ref := range slices.SortedFunc(maps.Keys(all), func(a, b plan.Ref) int { return strings.Compare(a.String(), b.String()) }) {
		d := all[ref]
		list, err := s.resolve(ref, d)
		if err != nil {
			k.bad = append(k.bad, warning("correct it; `multus validate` tells more", "network %s: %v", ref, err)...)
			continue
		}
		k.networks = append(k.networks, network{ref.String(), list, d.Resource != ""})
	}
	return k
}

// resolve is the network of a definition; one without a configuration is on disk.
func (s *survey) resolve(ref plan.Ref, d plan.Definition) (netconf.List, error) {
	if d.Config == "" {
		found, err := s.conf.ConfDir.Named(ref.Name)
		return found.List, err
	}
	list, _, err := netconf.Parse([]byte(d.Config), ref.Name)
	return list, err
}

// readiness looks for the file that says that the default network is there.
func readiness(_ context.Context, s *survey) []Finding {
	path := s.conf.ReadinessFile
	if path == "" {
		return ok("no readinessIndicatorFile is asked for")
	}
	if _, err := os.Stat(path); err != nil {
		return s.inside(faulty("is the default network's own DaemonSet running on this node? See also readinessIndicatorFile in "+s.file,
			"%s is not there: each pod waits %s for it, and then does not start", path, s.conf.ReadinessTimeout))
	}
	return ok("%s is there", path)
}

// defaultNetwork tells whether there is a default network, and what it says of itself.
func defaultNetwork(ctx context.Context, s *survey) []Finding {
	k := s.known()
	away := s.away()
	switch {
	case k.everywhereErr != nil && away != nil:
		return away
	case k.everywhereErr != nil:
		return faulty("see clusterNetwork, defaultNetworks and delegates in "+s.file, "%v", k.everywhereErr)
	case len(k.everywhere) == 0:
		return ok("none is configured: the first network of each pod is its default one")
	}
	list := k.everywhere[0]
	if err := s.runner().Status(ctx, list); err != nil {
		return s.inside(faulty("see the default network's own DaemonSet and its log", "%s is not ready: %v", list.Name(), err))
	}
	if s.conf.Name != list.Name() {
		return warning("give multus's configuration the name "+list.Name(),
			"multus's configuration is called %s, the default network %s: the runtime does not find again what it attached before multus came, and CRI-O collects it", s.conf.Name, list.Name())
	}
	return ok("%s is ready", list.Name())
}

package multus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// GC detaches what is recorded of sandboxes that the runtime no longer names,
// and then hands GC to every network, each with its own list of what is valid.
// Nobody else gets to work meanwhile, so that all of it has no more time than one
// delegate has elsewhere; what is left then is left to the next GC.
func (p Plugin) GC(ctx context.Context) error {
	if p.Planner.Conf.ValidAttachments == nil {
		return coded(types.ErrInvalidNetworkConfig,
			errors.New("cni.dev/valid-attachments: the list of valid attachments is missing or null; nothing was collected"))
	}
	p, release, err := p.lockedAll(ctx)
	defer release()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.Planner.Conf.DelegateTimeout)
	defer cancel()
	recs, unknown, err := p.collect(ctx)
	if unknown {
		// Of a sandbox that is alive nothing may be collected, and which
		// addresses and devices it holds only its record could tell.
		return errors.Join(err, errors.New("networks left alone: what live sandboxes hold cannot be read"))
	}
	return errors.Join(err, p.collectNetworks(ctx, recs))
}

// gcSince is the first version of the CNI specification that has GC.
const gcSince = "1.1.0"

// recorded is a record and whether the runtime has given its sandbox up.
type recorded struct {
	state.Record
	stale bool
}

// collect detaches the stale sandboxes. It returns all records, with what is
// left in them, and whether a live sandbox's may be missing among them.
func (p Plugin) collect(ctx context.Context) (recs []recorded, unknown bool, err error) {
	keys, err := p.State.Keys()
	if err != nil {
		return nil, true, coded(types.ErrIOFailure, err)
	}
	var errs []error
	named := p.named()
	late := 0
	for _, k := range keys {
		rec, err := p.State.Load(k)
		live := named[k]
		switch {
		case errors.Is(err, state.ErrNone):
		case err != nil && (live || !errors.Is(err, state.ErrUnreadable)):
			unknown = unknown || live // the runtime's DEL will find it
			errs = append(errs, coded(types.ErrIOFailure, err))
		case err != nil: // and nobody comes back for it
			errs = append(errs, p.setAside(k, err))
		case live:
			recs = append(recs, recorded{Record: rec})
		default:
			if ctx.Err() != nil {
				late++
			} else if err := p.collectOne(ctx, &rec); err != nil {
				errs = append(errs, fmt.Errorf("sandbox %s: %w", k, err))
			}
			recs = append(recs, recorded{Record: rec, stale: true})
		}
	}
	if late > 0 {
		errs = append(errs, fmt.Errorf("%d stale sandboxes left for the next GC: %w", late, context.Cause(ctx)))
	}
	return recs, unknown, errors.Join(errs...)
}

// collectOne detaches a stale sandbox, but for what is attached to networks that
// take part in no GC.
func (p Plugin) collectOne(ctx context.Context, rec *state.Record) error {
	p.Log.WithFields(logrus.Fields{"sandbox": rec.Sandbox.ContainerID, "pod": rec.Pod.String()}).Info("stale sandbox")
	warn(p.Log, rec.Warnings)
	rec.Sandbox.NetNS = remainingNetNS(rec.Sandbox.NetNS)
	return p.detachSome(ctx, rec, func(a plan.Attachment) bool { return !a.Config.DisableGC() })
}

// named are the sandboxes that the runtime still names.
func (p Plugin) named() map[state.Key]bool {
	named := make(map[state.Key]bool, len(p.Planner.Conf.ValidAttachments))
	for _, v := range p.Planner.Conf.ValidAttachments {
		named[state.Key(v)] = true
	}
	return named
}

// collectNetworks hands GC to each network once: those that every pod gets, as
// they are configured now, and those of the records.
func (p Plugin) collectNetworks(ctx context.Context, recs []recorded) error {
	reads, cancel := context.WithTimeout(ctx, p.Planner.Conf.APITimeout)
	defer cancel()
	lists, err := p.Connected().Everywhere(reads)
	var errs []error
	if err != nil {
		errs = append(errs, fmt.Errorf("networks of every pod: %w", err))
	}
	masters := map[string]bool{} // the networks that make the interface that the runtime knows of
	if len(lists) > 0 {
		masters[lists[0].Name()] = true
	}
	inUse := valid{}
	for _, rec := range recs {
		inUse.addRecord(rec)
		for _, a := range rec.Attachments {
			lists = append(lists, a.Config)
			masters[a.Config.Name()] = masters[a.Config.Name()] || a.Master
		}
	}
	for network, master := range masters {
		// The runtime's own list holds sandboxes that have no record as well:
		// those attached before Multus was put on the node.
		for _, v := range p.Planner.Conf.ValidAttachments {
			if master {
				inUse.add(network, v)
			}
		}
	}
	for _, l := range distinct(lists) {
		err := p.measured("GC", l.Name(), func() error { return p.Runner.GC(ctx, l, inUse[l.Name()]) })
		if err != nil {
			errs = append(errs, fmt.Errorf("network %s: %w", l.Name(), err))
		}
	}
	return errors.Join(errs...)
}

// distinct tells networks apart by their name and the plugins that they run:
// one pod's arguments do not make another network. Lists that GC is nothing for
// are none, or they would stand for others of their name.
func distinct(lists []netconf.List) []netconf.List {
	seen := map[string]bool{}
	var networks []netconf.List
	for _, l := range lists {
		if l.DisableGC() || !netconf.AtLeast(l.CNIVersion(), gcSince) {
			continue
		}
		id := l.Name()
		for _, plugin := range l.Plugins() {
			id += "\x00" + strings.Join(plugin.Runs(), "\x01")
		}
		if !seen[id] {
			seen[id], networks = true, append(networks, l)
		}
	}
	return networks
}

// valid is what GC leaves alone: of each CNI network, by its name, the attachments
// that are in use. NADs that share a CNI network name share its list.
type valid map[string][]types.GCAttachment

// add puts an attachment on a network's list, once.
func (v valid) add(network string, a types.GCAttachment) {
	if !slices.Contains(v[network], a) {
		v[network] = append(v[network], a)
	}
}

// addRecord puts a sandbox on the lists under the names that each network knows it by.
// What a stale sandbox has left is valid no more, unless its network takes part in no
// GC: one of the same name may.
func (v valid) addRecord(rec recorded) {
	for _, a := range rec.Attachments {
		if a.Phase == state.Detached || rec.stale && !a.Config.DisableGC() {
			continue
		}
		v.add(a.Config.Name(), types.GCAttachment{ContainerID: rec.Sandbox.ContainerID, IfName: a.Interface})
	}
}

package multus

import (
	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/state"
)

// valid is what GC leaves alone: of each CNI network, by its name, the
// attachments that are in use. NADs that share a CNI network name share its list.
type valid map[string]*validList

type validList struct {
	list []types.GCAttachment // in the order of the records
	seen map[types.GCAttachment]bool
}

// add puts an attachment on a network's list, once.
func (v valid) add(network string, a types.GCAttachment) {
	l := v[network]
	if l == nil {
		l = &validList{seen: map[types.GCAttachment]bool{}}
		v[network] = l
	}
	if !l.seen[a] {
		l.seen[a], l.list = true, append(l.list, a)
	}
}

// on is a network's list: empty and not nil where nothing is valid, since a list
// that is missing says nothing at all.
func (v valid) on(network string) []types.GCAttachment {
	if l := v[network]; l != nil {
		return l.list
	}
	return []types.GCAttachment{}
}

// validByNetwork translates the records of live sandboxes to what each network
// calls its attachments. What a stale sandbox has left is valid no more, unless
// its network takes part in no GC: one of the same name may.
func validByNetwork(recs []recorded) valid {
	v := valid{}
	for _, rec := range recs {
		for _, a := range rec.Attachments {
			if a.Phase == state.Detached || rec.stale && !a.Config.DisableGC() {
				continue
			}
			v.add(a.Config.Name(), types.GCAttachment{ContainerID: rec.Sandbox.ContainerID, IfName: a.Interface})
		}
	}
	return v
}

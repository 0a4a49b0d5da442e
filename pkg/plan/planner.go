package plan

import (
	"context"
	"errors"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/netconf"
)

// Errors that the sources of pods and definitions wrap, for the caller to branch on.
var (
	// ErrNotFound: the object does not exist.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: the API server cannot be reached in time, or refuses.
	ErrUnavailable = errors.New("API server not usable")
)

// Ref names an object, of those that define networks as a rule.
type Ref struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String is namespace/name.
func (r Ref) String() string { return r.Namespace + "/" + r.Name }

// Definition is what a NetworkAttachmentDefinition says.
type Definition struct {
	Config   string // spec.config; empty: the network of that name on disk
	Resource string // annotation k8s.v1.cni.cncf.io/resourceName
}

// Kinds of the objects that define networks.
const (
	KindNAD     = "NetworkAttachmentDefinition"
	KindNetwork = "Network" // the older one, of kubernetes.com/v1
)

// Definitions finds the objects of a kind that define networks. The real ones are
// kube.Client and manifest.Objects. All distinct refs are asked for at once. The
// answer holds one entry, a Definition or an error, for every ref; an error that
// wraps ErrNotFound or ErrUnavailable says so.
type Definitions interface {
	Definitions(ctx context.Context, kind string, refs []Ref) map[Ref]Answer
}

// Answer is a definition, or why there is none.
type Answer struct {
	Definition Definition
	Err        error
}

// Devices finds the devices that a pod was given. The real one is kubelet.Node.
type Devices interface {
	// Devices maps resource names, these at least, to the pod's device IDs in the
	// order of use; each is there once. ErrNotFound: there is nobody to ask.
	Devices(ctx context.Context, pod Pod, resources []string) (map[string][]string, error)
}

// Planner decides which networks a pod gets. See the package's doc for the rules.
type Planner struct {
	Conf        config.Config
	Definitions Definitions // nil: there is no API server
	Devices     Devices     // nil: they are known on the node alone, and placeholders stand for them
	DeviceInfo  string      // directory of the files that describe devices; empty: DeviceInfoDir
	Binaries    Binaries    // nil: binaries are not looked for
	Assumed     string      // plugin that stands for those that are not known, which may all be allowed
}

// Plan decides everything that ADD will do for the pod in the sandbox, or says
// everything that is wrong with it. It reads definitions, files and devices and
// changes nothing. The zero Pod gets the static networks alone.
func (p Planner) Plan(ctx context.Context, sb Sandbox, pod Pod) (Plan, error) {
	d := p.draft(sb, pod)
	d.selectNetworks()
	if len(d.wanted) == 0 && d.faults.Len() == 0 {
		d.faults.Add(d.noNetwork())
	}
	if d.faults.Len() == 0 {
		d.fetch(ctx)
	}
	var made Plan
	if d.faults.Len() == 0 {
		made = d.assemble(ctx)
	}
	if err := d.faults.Err(); err != nil {
		return Plan{Warnings: d.warnings}, err
	}
	return made, nil
}

// Salvage is Plan for DEL without a record: what can still be known is in the
// plan, under the names that Plan would have given; the error says what cannot.
func (p Planner) Salvage(ctx context.Context, sb Sandbox, pod Pod) (Plan, error) {
	d := p.draft(sb, pod)
	d.salvage = true
	d.selectNetworks()
	d.fetch(ctx)
	made := d.assemble(ctx)
	return made, d.faults.Err()
}

// DefaultNetwork is the default network of the configuration, the zero List where
// there is none.
func (p Planner) DefaultNetwork(ctx context.Context) (netconf.List, error) {
	p.Conf.Delegates = p.Conf.Delegates[:min(len(p.Conf.Delegates), 1)]
	p.Conf.DefaultNetworks, p.Conf.AuxiliaryChain = nil, ""
	lists, err := p.Everywhere(ctx)
	if len(lists) == 0 {
		return netconf.List{}, err
	}
	return lists[0], err
}

// Everywhere are the networks that every pod gets, for GC: the
// default network first, then defaultNetworks or the other delegates, and the
// auxiliary chain. A network that cannot be resolved is in the error; the others
// are returned all the same, unless it is the default network.
func (p Planner) Everywhere(ctx context.Context) ([]netconf.List, error) {
	d := p.draft(Sandbox{}, Pod{})
	master, further := d.configured()
	d.wanted = append(master, further...)
	d.fetch(ctx)
	var lists []netconf.List
	for i, w := range d.wanted {
		n, usable := d.networks[w.source]
		if usable {
			lists = append(lists, n.list)
		} else if i < len(master) {
			return nil, d.faults.Err()
		}
	}
	return lists, d.faults.Err()
}

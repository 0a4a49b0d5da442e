package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

const masterKey = "masterplugin"

// readDelegates reads the inline networks and puts the master first.
func (r *reader) readDelegates() {
	if r.delegates == nil {
		return
	}
	found, err := rawjson.Elements(r.delegates)
	if err != nil {
		r.fault("delegates", unexpected("a list of networks", r.delegates))
		return
	}
	var masters []int
	for i, value := range found {
		d, err := r.delegate(i, value)
		if err != nil {
			r.fault(fmt.Sprintf("delegates[%d]", i), err)
			continue
		}
		if d.Master {
			masters = append(masters, i)
			r.conf.Delegates = slices.Insert(r.conf.Delegates, 0, d)
			continue
		}
		r.conf.Delegates = append(r.conf.Delegates, d)
	}
	if len(masters) > 1 {
		r.fault("delegates", fmt.Errorf("%q is true in elements %d and %d; one network is the default", masterKey, masters[0]+1, masters[1]+1))
	}
	if len(found) == 0 {
		r.delegates = nil // no networks are as good as no key
	}
}

// delegate reads one of them. Its only key that is ours is masterplugin; a network
// without a name of its own has that of the configuration.
func (r *reader) delegate(i int, value json.RawMessage) (Delegate, error) {
	o, err := rawjson.Nested(value)
	if err != nil {
		return Delegate{}, err
	}
	var d Delegate
	isMark := func(key string) bool { return strings.EqualFold(key, masterKey) }
	plain := o.Without(isMark)
	if o.Len()-plain.Len() > 1 {
		return Delegate{}, fmt.Errorf("%q is given twice, in different cases; keep one", masterKey)
	}
	if mark, marked := o.Folded(masterKey); marked {
		if err := flag(&d.Master)(mark); err != nil {
			return Delegate{}, fault.Under(masterKey, err)
		}
	}
	list, warnings, err := netconf.Parse(plain.JSON(), r.conf.Name)
	if err != nil {
		return Delegate{}, err
	}
	for _, w := range warnings {
		r.warnings.Addf("delegates[%d]: %s", i, w)
	}
	d.List = list
	return d, r.checkRecursion(list)
}

// checkRecursion refuses a network that would run Multus again, without end.
func (r *reader) checkRecursion(list netconf.List) error {
	var faults fault.List
	for _, p := range list.Plugins() {
		for _, binary := range p.Runs() {
			if name.Self(binary, r.conf.Type) {
				faults.Addf("its plugin is %q: Multus would run itself without end", binary)
			}
		}
	}
	return faults.Err()
}

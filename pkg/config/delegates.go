package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
)

const masterKey = "masterplugin"

// readDelegates reads the inline networks and puts the master first.
func (r *reader) readDelegates() {
	if r.delegates == nil {
		return
	}
	var found []json.RawMessage
	if r.delegates[0] != '[' {
		r.fault("delegates", unexpected("a list of networks", r.delegates))
		return
	}
	if err := json.Unmarshal(r.delegates, &found); err != nil {
		r.fault("delegates", err)
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
		r.fault("delegates", fmt.Errorf("%q is true in elements %d and %d; one network is the default", masterKey, masters[0], masters[1]))
	}
	if len(found) == 0 {
		r.delegates = nil // no networks are as good as no key
	}
}

// delegate reads one of them. Its only key that is ours is masterplugin; a network
// without a name of its own has that of the configuration.
func (r *reader) delegate(i int, value json.RawMessage) (Delegate, error) {
	if value[0] != '{' {
		return Delegate{}, unexpected("an object", value)
	}
	members, err := netconf.Members(value)
	if err != nil {
		return Delegate{}, err
	}
	var d Delegate
	marked := 0
	for _, m := range members {
		if strings.EqualFold(m.Key, masterKey) {
			marked++
			if err := flag(&d.Master)(m.Value); err != nil {
				return Delegate{}, fmt.Errorf("%s: %w", brief(m.Key), err)
			}
		}
	}
	if marked > 1 {
		return Delegate{}, fmt.Errorf("%q is there twice, in different cases; keep one of them", masterKey)
	}
	members = slices.DeleteFunc(members, func(m netconf.Member) bool { return strings.EqualFold(m.Key, masterKey) })
	list, warnings, err := netconf.Parse(netconf.Object(members), r.conf.Name)
	if err != nil {
		return Delegate{}, err
	}
	for _, w := range warnings {
		r.warn("delegates[%d]: %s", i, w)
	}
	d.List = list
	return d, r.checkRecursion(list)
}

// checkRecursion refuses a network that would run Multus again, without end.
func (r *reader) checkRecursion(list netconf.List) error {
	var faults []error
	for _, p := range list.Plugins() {
		for _, name := range p.Runs() {
			if name == Self || name == r.conf.Type {
				faults = append(faults, fmt.Errorf("its plugin is %q: Multus would run itself without end", name))
			}
		}
	}
	return errors.Join(faults...)
}

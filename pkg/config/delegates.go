package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

const masterKey = "masterplugin"

// readDelegates reads the inline networks and puts the master first.
func (r *reader) readDelegates(value json.RawMessage) error {
	var faults fault.List
	var found []Delegate
	faults.Add(rawjson.List(&found, r.delegate)(value))
	isMaster := func(d Delegate) bool { return d.Master }
	if first := slices.IndexFunc(found, isMaster); first >= 0 {
		if more := slices.IndexFunc(found[first+1:], isMaster); more >= 0 {
			faults.Addf("%q is true in elements %d and %d; one network is the default", masterKey, first+1, first+more+2)
		}
		found = slices.Concat(found[first:first+1], found[:first], found[first+1:])
	}
	r.conf.Delegates = found
	return faults.Err()
}

// delegate reads one of them. Its only key that is ours is masterplugin; a network
// without a name of its own has that of the configuration.
func (r *reader) delegate(into *Delegate) rawjson.Setter {
	return func(value json.RawMessage) error {
		o, err := rawjson.Nested(value)
		if err != nil {
			return err
		}
		mark := map[string]rawjson.Setter{masterKey: rawjson.Bool(&into.Master)}
		if err := (rawjson.Fields{Keys: mark, Lenient: true, Unknown: func(string) {}}).Read(o); err != nil {
			return err
		}
		plain := o.Without(func(key string) bool { return strings.EqualFold(key, masterKey) })
		list, warnings, err := netconf.Parse(plain.JSON(), r.conf.Name)
		into.List = list
		for _, w := range warnings {
			r.warnings.Addf("delegates: network %s: %s", fault.Quote(list.Name()), w)
		}
		if self := list.Self(r.conf.Type); self != "" {
			return fmt.Errorf("its plugin is %q: Multus would run itself without end; use another plugin", self)
		}
		return err
	}
}

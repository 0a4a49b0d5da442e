package config

import (
	"cmp"
	"encoding/json"
	"errors"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// finish reads what depends on several keys and tells where they contradict each other.
func (r *reader) finish(o rawjson.Object) {
	given := func(key string) bool {
		value, found := o.Folded(key)
		return found && string(value) != "null" && string(value) != `""`
	}
	value, found := o.Folded("delegates")
	delegates := found && string(value) != "null" && string(value) != "[]" // no networks are as good as no key
	if !given("name") {
		r.fault("name", "is missing")
	}
	if delegates {
		r.faults.Add(fault.Under("delegates", r.readDelegates(value)))
	}
	switch {
	case delegates && given("clusterNetwork"):
		r.fault("clusterNetwork", `"delegates" are given too, and both name the default network; keep one of them`)
	case !delegates && !given("clusterNetwork") && !given("kubeconfig"):
		text := `no network at all: set it, or "delegates", or "kubeconfig"`
		for _, w := range r.warnings[:min(len(r.warnings), 3)] {
			text += "; " + w // one of these keys is misspelt, most likely
		}
		r.fault("clusterNetwork", "%s", text)
	}
	r.readValid(o)
	if value := r.conf.Runtime[annotationsKey]; value != nil && string(value) != "null" {
		anything := func(into *string) rawjson.Setter { return rawjson.String(into, nil) }
		err := rawjson.Members(&r.conf.PodAnnotations, anything)(value)
		r.faults.Add(fault.Under("runtimeConfig", fault.Under(annotationsKey, err)))
	}
	r.finishLog()
}

func (r *reader) finishLog() {
	if r.level != "" && r.olderLevel != "" && r.level != r.olderLevel {
		r.fault("logLevel", `%q, but "log_level" is %q; keep one of them`, r.level, r.olderLevel)
	}
	log := &r.conf.Log
	log.Level = cmp.Or(r.level, r.olderLevel, log.Level)
	if log.Level == "verbose" {
		log.Level = "info"
	}
	log.JSON = r.format == "json"
}

// readValid reads the list of GC. Its older key counts only where the newer one is
// not there: that one being null must not bring an outdated list into force.
func (r *reader) readValid(o rawjson.Object) {
	key := validKey
	value, given := o.Folded(key)
	if !given {
		key = olderValidKey
		value, given = o.Folded(key)
	}
	if given && string(value) != "null" {
		r.faults.Add(fault.Under(key, rawjson.List(&r.conf.ValidAttachments, attachment)(value)))
	}
}

// attachment reads one of it. With one of both missing an attachment in use could be
// taken for a stale one.
func attachment(into *types.GCAttachment) rawjson.Setter {
	return func(value json.RawMessage) error {
		o, err := rawjson.Nested(value)
		if err != nil {
			return err
		}
		into.ContainerID, _ = o.Text("containerID")
		into.IfName, _ = o.Text("ifname")
		if into.ContainerID == "" || into.IfName == "" {
			return errors.New("containerID and ifname are expected, both strings")
		}
		return nil
	}
}

package config

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// finish reads what depends on several keys and tells where they contradict each other.
func (r *reader) finish() {
	c := &r.conf
	if c.Name == "" && !r.wrong["name"] {
		r.fault("name", errors.New("is missing"))
	}
	r.readDelegates()
	cluster := c.ClusterNetwork != "" || r.wrong["clusterNetwork"]
	switch {
	case r.delegates != nil && cluster:
		r.fault("clusterNetwork", errors.New(`"delegates" are given too, and both name the default network; keep one of them`))
	case r.delegates == nil && !cluster && c.Kubeconfig == "" && !r.wrong["kubeconfig"]:
		r.fault("clusterNetwork", r.noNetwork())
	}
	r.readValid()
	if _, err := readAnnotations(c.Runtime[annotationsKey]); err != nil {
		r.fault("runtimeConfig", fault.Under(annotationsKey, err))
	}
	r.finishLog()
}

// noNetwork tells of keys that were ignored as well: one of them is misspelt, most likely.
func (r *reader) noNetwork() error {
	const most = 3
	text := `no network at all: set it, or "delegates", or "kubeconfig"`
	for _, w := range r.warnings[:min(len(r.warnings), most)] {
		text += "; " + w
	}
	return errors.New(text)
}

func (r *reader) finishLog() {
	log := &r.conf.Log
	if r.level != "" && r.olderLevel != "" && r.level != r.olderLevel {
		r.fault("logLevel", fmt.Errorf(`%q, but "log_level" is %q; keep one of them`, r.level, r.olderLevel))
	}
	if r.level == "" {
		r.level = r.olderLevel
	}
	switch r.level {
	case "":
	case "verbose":
		log.Level = "info"
	default:
		log.Level = r.level
	}
	log.JSON = r.format == formatJSON
}

// readValid reads the list of GC. Its older key counts only where the newer one is
// not there: that one being null must not bring an outdated list into force.
func (r *reader) readValid() {
	key, value := validKey, r.newer
	if value == nil {
		key, value = olderValidKey, r.older
	}
	if value == nil || rawjson.Kind(value) == "null" {
		return
	}
	valid, err := readAttachments(value)
	if err != nil {
		r.fault(key, err)
		return
	}
	r.conf.ValidAttachments = valid
}

func readAttachments(value json.RawMessage) ([]types.GCAttachment, error) {
	found, err := rawjson.Elements(value)
	if err != nil {
		return nil, err
	}
	valid := make([]types.GCAttachment, len(found))
	for i, e := range found {
		o, err := rawjson.Nested(e)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i+1, err)
		}
		// With one of both missing an attachment in use could be taken for a stale one.
		id, _ := o.Text("containerID")
		ifName, _ := o.Text("ifname")
		if id == "" || ifName == "" {
			return nil, fmt.Errorf("element %d: containerID and ifname are expected, both strings", i+1)
		}
		valid[i] = types.GCAttachment{ContainerID: id, IfName: ifName}
	}
	return valid, nil
}

// readAnnotations reads a pod's annotations; nil where there are none or null.
func readAnnotations(value json.RawMessage) (annotations map[string]string, err error) {
	if kind := rawjson.Kind(value); kind == "nothing" || kind == "null" {
		return nil, nil
	}
	anything := func(string) error { return nil }
	err = members(&annotations, func(into *string) setter { return text(into, anything) })(value)
	return annotations, err
}

package plan

import (
	"context"
	"encoding/json"
	"fmt"
)

// MaxConfigurations is how many bytes the configurations of a pod's networks may
// have together, each counted as often as it is used. One large definition that is
// selected many times would take all the node's memory otherwise.
const MaxConfigurations = 16 << 20

// ErrTooMuch says that they have more, and what to do about it.
var ErrTooMuch = fmt.Errorf("more than %d bytes together; select fewer networks, or make their configurations shorter", MaxConfigurations)

// assemble makes the plan of what was resolved: names, devices, requests.
func (d *draft) assemble(ctx context.Context) Plan {
	names := d.interfaces()
	ids := d.allot(ctx, names)
	made := Plan{Attachments: []Attachment{}}
	size := 0
	for i, w := range d.wanted {
		n, resolved := d.networks[w.source]
		if !resolved || w.refused {
			continue
		}
		if size += n.list.Size(); size > MaxConfigurations {
			d.faults.addf("pod %s: the configurations of its networks have %w", d.pod, ErrTooMuch)
			break
		}
		a := Attachment{
			Network:      n.title,
			Interface:    names[i].name,
			Master:       i == 0,
			Config:       n.list,
			Args:         d.sandbox.Args,
			DefaultRoute: w.selection.DefaultRoute,
			Source:       n.origin,
			Reason:       w.reason() + "; " + names[i].reason,
		}
		if id := ids[i]; id != "" && n.resource != "" {
			a.Device = &Device{Resource: n.resource, ID: id}
		}
		d.faults.add(d.furnish(&a, w, ids[i]))
		made.Attachments = append(made.Attachments, a)
	}
	made.Warnings = d.warnings
	return made
}

// furnish puts into an attachment what was asked for beside the network itself.
// What cannot be had is in the error.
func (d *draft) furnish(a *Attachment, w wanted, device string) error {
	var all faults
	if args := w.selection.CNIArgs; args != nil {
		list, err := a.Config.WithArgs(args)
		if err != nil {
			all.addf("%s: cni-args: cannot be merged into %s: %w", a, d.networks[w.source].object, err)
		} else {
			a.Config = list
		}
	}
	values := make(map[string]json.RawMessage)
	if a.Master {
		d.fromRuntime(values, *a)
	}
	all.add(d.request(a, w, values))
	if device != "" {
		if a.Config.Declares(capabilityDevice) {
			all.add(set(values, capabilityDevice, device))
		}
		a.Config = a.Config.WithDevice(device)
	}
	if len(values) > 0 {
		a.RuntimeConfig = values
	}
	return all.err()
}

// fromRuntime hands the default network what the runtime asks for: that of the
// capabilities it declares, so that records hold no more than is used.
func (d *draft) fromRuntime(values map[string]json.RawMessage, a Attachment) {
	for capability, value := range d.planner.Conf.Runtime {
		if a.Config.Declares(capability) {
			values[capability] = value
		}
	}
}

// set puts a value into values under its capability.
func set(values map[string]json.RawMessage, capability string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s: %w", capability, err)
	}
	values[capability] = data
	return nil
}

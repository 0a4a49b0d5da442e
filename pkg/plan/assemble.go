package plan

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/rawjson"
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
	devices := d.allocate(ctx, names)
	made := Plan{Attachments: []Attachment{}}
	size := 0
	for i, w := range d.wanted {
		n, resolved := d.networks[w.source]
		if !resolved || w.refused {
			continue
		}
		if size += n.list.Size(); size > MaxConfigurations {
			d.faults.Add(fault.About("pod "+d.pod.String(), fmt.Errorf("the configurations of its networks have %w", ErrTooMuch)))
			break
		}
		a := Attachment{
			Network:      n.title,
			Interface:    names[i].name,
			Master:       i == 0,
			Config:       n.list,
			Args:         d.sandbox.Args,
			DefaultRoute: w.selection.DefaultRoute,
			Source:       n.from,
			Reason:       w.reason() + "; " + names[i].reason,
		}
		d.device(&a, devices[i])
		d.configure(&a, w, devices[i].ID)
		made.Attachments = append(made.Attachments, a)
	}
	made.Warnings = d.warnings
	return made
}

// configure puts into an attachment what was asked for beside the network itself.
func (d *draft) configure(a *Attachment, w wanted, device string) {
	if args := w.selection.CNIArgs; args != nil {
		list, err := a.Config.WithArgs(args)
		if err != nil {
			d.faults.Add(fault.Fault{Subject: a.String(), Key: "cni-args", Err: fmt.Errorf("cannot be merged into %s: %w", a.Source, err)})
		} else {
			a.Config = list
		}
	}
	values := make(map[string]json.RawMessage)
	for capability, value := range d.planner.Conf.Runtime { // only what is used, so that records stay small
		if a.Master && a.Config.Declares(capability) {
			values[capability] = value
		}
	}
	d.addRequests(a, w, values)
	for capability, value := range map[string]string{capabilityDevice: device, capabilityDeviceInfo: a.DeviceInfoFile} {
		if value != "" && a.Config.Declares(capability) {
			values[capability] = rawjson.Quote(value)
		}
	}
	if len(values) > 0 {
		a.RuntimeConfig = values
	}
}

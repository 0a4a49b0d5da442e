package state

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// maxLegacy bounds the attachments of a record that an older Multus left.
const maxLegacy = 4096

// legacy is a record that Multus v1 to v4 left: one file for a container, called
// after it, with a JSON array of an element for each attachment.
type legacy struct {
	id       string
	written  time.Time
	elements []element
}

// element is one attachment of it.
type element struct {
	requests
	plain  bool // v1 and v2: the element was the configuration itself
	master bool // plain, and marked as the one that gets CNI_IFNAME
	list   netconf.List
	err    error // why the element could not be understood
}

// requests are what Multus v3 and v4 wrote beside a configuration.
type requests struct {
	Name      string // of the network
	Interface string `json:"ifnameRequest"`
	MAC       string `json:"macRequest"`
	IPs       texts  `json:"ipRequest"`
	GUID      string `json:"infinibandGUIDRequest"`
	DeviceID  string `json:"deviceID"`
	Resource  string `json:"resourceName"`
}

// texts is a list of strings; early versions wrote a single one as a string.
type texts []string

// UnmarshalJSON reads a string or an array of strings.
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = nil
		if one != "" {
			*t = texts{one}
		}
		return nil
	}
	var many []string
	err := json.Unmarshal(data, &many)
	*t = many
	return err
}

// parseLegacy reads the array. A fault of one element leaves the others; a fault
// of all of them is one of the record. An empty array records nothing: ErrNone.
func parseLegacy(data []byte) (legacy, error) {
	var raws []json.RawMessage
	if err := json.Unmarshal(data, &raws); err != nil {
		return legacy{}, fmt.Errorf("record of an older multus: %w", err)
	}
	if raws == nil || len(raws) > maxLegacy {
		return legacy{}, fmt.Errorf("record of an older multus: want an array of up to %d attachments", maxLegacy)
	}
	l := legacy{elements: make([]element, len(raws))}
	broken := 0
	for i, raw := range raws {
		if err := l.elements[i].parse(raw); err != nil {
			l.elements[i].err = fmt.Errorf("attachment %d of an older multus: %w", i, err)
			broken++
		}
	}
	switch {
	case len(raws) == 0:
		return legacy{}, ErrNone
	case broken == len(raws):
		return legacy{}, fmt.Errorf("%w (and so all of %d)", l.elements[0].err, broken)
	}
	return l, nil
}

func (e *element) parse(raw json.RawMessage) error {
	// The forms in which v3 and v4 wrote the configuration: as it was given, which
	// is what counts, and as they had understood it. v1 and v2 marked one.
	var forms struct {
		Bytes    []byte
		ConfList json.RawMessage
		Conf     json.RawMessage
		Master   bool `json:"masterplugin"`
	}
	if err := json.Unmarshal(raw, &forms); err != nil {
		return err
	}
	if forms.Bytes == nil && forms.ConfList == nil && forms.Conf == nil {
		e.plain, e.master = true, forms.Master
		return e.parseList(raw)
	}
	if err := json.Unmarshal(raw, &e.requests); err != nil {
		return err
	}
	if e.Interface != "" {
		if err := checkInterface(e.Interface); err != nil {
			return fmt.Errorf("ifnameRequest: %w", err)
		}
	}
	if err := e.parseList(forms.Bytes, forms.ConfList, forms.Conf); err != nil {
		return err
	}
	if e.DeviceID != "" {
		e.list = e.list.WithDevice(e.DeviceID)
	}
	return nil
}

// parseList reads the configuration from the first form of it that is one. Older
// versions ran one without a name all the same, so that it has to be detached all the same.
func (e *element) parseList(forms ...[]byte) (err error) {
	fallback := path.Base(e.Name)
	if name.Network(fallback) != nil {
		fallback = "unnamed"
	}
	var errs []error
	for _, form := range forms {
		if e.list, _, err = netconf.Parse(form, fallback); err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return fmt.Errorf("configuration: %w", errs[0])
}

// master is the element that had CNI_IFNAME.
func (l legacy) master() int {
	return max(0, slices.IndexFunc(l.elements, func(e element) bool { return e.master }))
}

// interfaces are the names of the elements' interfaces. Versions 3 and 4 counted
// the master, which was always the first; versions 1 and 2 counted the others.
func (l legacy) interfaces(ifName string) []string {
	names := make([]string, len(l.elements))
	master, others := l.master(), 0
	for i, e := range l.elements {
		switch {
		case e.Interface != "":
			names[i] = e.Interface
		case i == master:
			names[i] = ifName
		case e.plain:
			names[i] = "net" + strconv.Itoa(others)
		default:
			names[i] = "net" + strconv.Itoa(i)
		}
		if i != master {
			others++
		}
	}
	return names
}

// record is the older record in today's form, the master first.
func (l legacy) record(ifName string, c cache) Record {
	r := Record{
		Schema:  Schema,
		Created: l.written,
		Sandbox: plan.Sandbox{ContainerID: l.id, IfName: ifName},
	}
	master := l.master()
	for i, name := range l.interfaces(ifName) {
		e := l.elements[i]
		if e.err != nil {
			r.Warnings = append(r.Warnings, e.err.Error())
			continue
		}
		cached := c.entry(e.list.Name(), l.id, name)
		a := e.attachment(name, cached)
		if i != master {
			r.Attachments = append(r.Attachments, a)
			continue
		}
		a.Master = true
		r.Attachments = append([]Attachment{a}, r.Attachments...)
		r.Sandbox.NetNS, r.Sandbox.Args = cached.NetNS, a.Args
	}
	r.Pod = r.Sandbox.Pod()
	return r
}

// attachment is an element as it would be recorded today, with what the result
// cache has to say about it.
func (e element) attachment(ifName string, c entry) Attachment {
	a := Attachment{
		Attachment: plan.Attachment{
			Network:       e.Name,
			Interface:     ifName,
			Config:        e.list,
			RuntimeConfig: e.capabilities(),
			Args:          c.args(),
			Source:        "record of an older multus",
			Reason:        "attached by an older multus",
		},
		Phase:  Attached,
		Result: c.Result,
	}
	if a.Network == "" {
		a.Network = e.list.Name()
	}
	if c.found() {
		a.RuntimeConfig = c.Capabilities
	}
	if e.DeviceID != "" && e.Resource != "" {
		a.Device = &plan.Device{Resource: e.Resource, ID: e.DeviceID}
	}
	return a
}

// capabilities are the pod's requests under the names of today's capabilities.
func (e element) capabilities() map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	set := func(capability string, value any, given bool) {
		if data, err := json.Marshal(value); given && err == nil {
			values[capability] = data
		}
	}
	set("ips", e.IPs, len(e.IPs) > 0)
	set("mac", e.MAC, e.MAC != "")
	set("infinibandGUID", e.GUID, e.GUID != "")
	set("deviceID", e.DeviceID, e.DeviceID != "")
	return values
}

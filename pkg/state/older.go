package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strconv"
	"time"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// maxOlder bounds the attachments of a record that an older Multus left.
const maxOlder = 4096

// older is a record that Multus v1 to v4 left: one file for a container, called
// after it, with a JSON array of an element for each attachment.
type older struct {
	id       string
	written  time.Time
	elements []element
	faults   []error // by element; nil for those that were understood
}

// element is one attachment of it.
type element struct {
	requests
	plain  bool // v1 and v2: the element was the configuration itself
	master bool // plain, and marked as the one that gets CNI_IFNAME
	list   netconf.List
}

// requests are what Multus v3 and v4 wrote beside a configuration.
type requests struct {
	Name      string // of the network
	Interface string `json:"ifnameRequest"`
	MAC       string `json:"macRequest"`
	IPs       texts  `json:"ipRequest"`
	GUID      string `json:"infinibandGUIDRequest"`
	Gateways  texts  `json:"default-route"`
	DeviceID  string `json:"deviceID"`
	Resource  string `json:"resourceName"`
}

// configs are the forms in which v3 and v4 wrote the configuration: as it was
// given, which is what counts, and as they had understood it.
type configs struct {
	Bytes    []byte
	ConfList json.RawMessage
	Conf     json.RawMessage
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

// parseOlder reads the array. A fault of one element leaves the others; a fault
// of all of them is one of the record.
func parseOlder(data []byte) (older, error) {
	var raws []json.RawMessage
	if err := json.Unmarshal(data, &raws); err != nil {
		return older{}, fmt.Errorf("record of an older multus: %w", err)
	}
	if raws == nil || len(raws) > maxOlder {
		return older{}, fmt.Errorf("record of an older multus: want an array of up to %d attachments", maxOlder)
	}
	o := older{elements: make([]element, len(raws)), faults: make([]error, len(raws))}
	broken := 0
	for i, raw := range raws {
		if err := o.elements[i].parse(raw); err != nil {
			o.faults[i] = fmt.Errorf("attachment %d of an older multus: %w", i, err)
			broken++
		}
	}
	if broken > 0 && broken == len(raws) {
		return older{}, fmt.Errorf("%w (and so all of %d)", o.faults[0], broken)
	}
	return o, nil
}

func (e *element) parse(raw json.RawMessage) error {
	var c configs
	if err := json.Unmarshal(raw, &c); err != nil {
		return err
	}
	if c.Bytes == nil && c.ConfList == nil && c.Conf == nil {
		return e.parsePlain(raw)
	}
	if err := json.Unmarshal(raw, &e.requests); err != nil {
		return err
	}
	if e.Interface != "" {
		if err := checkInterface(e.Interface); err != nil {
			return fmt.Errorf("ifnameRequest: %w", err)
		}
	}
	config := c.best()
	if config == nil {
		return errors.New("no configuration in it")
	}
	list, _, err := netconf.Parse(config, fallbackName(e.Name))
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	e.list = list
	if e.DeviceID != "" {
		e.list = list.WithDevice(e.DeviceID)
	}
	return nil
}

func (e *element) parsePlain(raw json.RawMessage) error {
	var mark struct {
		Master bool `json:"masterplugin"`
	}
	if err := json.Unmarshal(raw, &mark); err != nil {
		return err
	}
	list, _, err := netconf.Parse(raw, fallbackName(""))
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	e.plain, e.master, e.list = true, mark.Master, list
	return nil
}

// fallbackName is the name of a configuration without one. Older versions ran
// it all the same, so that it has to be detached all the same.
func fallbackName(network string) string {
	if name := path.Base(network); netconf.ValidName(name) {
		return name
	}
	return "unnamed"
}

// best is the configuration that is the truest to what was executed.
func (c configs) best() []byte {
	switch {
	case len(c.Bytes) > 0:
		return c.Bytes
	case hasMember(c.ConfList, "plugins"):
		return c.ConfList
	case hasMember(c.Conf, "type"):
		return c.Conf
	}
	return nil
}

// hasMember tells whether raw is an object with a member that is not empty.
func hasMember(raw json.RawMessage, name string) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return false
	}
	switch string(members[name]) {
	case "", "null", `""`, "[]":
		return false
	}
	return true
}

// master is the element that had CNI_IFNAME.
func (o older) master() int {
	for i, e := range o.elements {
		if e.master {
			return i
		}
	}
	return 0
}

// interfaces are the names of the elements' interfaces. Versions 3 and 4 counted
// the master, which was always the first; versions 1 and 2 counted the others.
func (o older) interfaces(ifName string) []string {
	names := make([]string, len(o.elements))
	master, others := o.master(), 0
	for i, e := range o.elements {
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
	if gateways := e.gateways(); len(gateways) > 0 {
		a.DefaultRoute = &plan.DefaultRoute{Gateways: gateways}
	}
	return a
}

func (e element) gateways() []string {
	var gateways []string
	for _, g := range e.Gateways {
		if _, err := netip.ParseAddr(g); err == nil {
			gateways = append(gateways, g)
		}
	}
	return gateways
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

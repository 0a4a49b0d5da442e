package delegate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containernetworking/cni/pkg/types"
	types040 "github.com/containernetworking/cni/pkg/types/040"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/types/create"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Convert gives a result in another version. A result that is of that version
// already comes back to the byte; otherwise what the older of the two versions
// does not know is left out.
func Convert(result json.RawMessage, version string) (json.RawMessage, error) {
	o, err := parse(result)
	if err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	return convert(o, result, version)
}

// Parse reads a result of any version as one of the newest. Interface indices
// that point nowhere are dropped, so that the others can be relied on.
func Parse(result json.RawMessage) (current.Result, error) {
	var r current.Result
	newest, err := Convert(result, current.ImplementedSpecVersion)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(newest, &r); err != nil {
		return r, fmt.Errorf("result: %w", err)
	}
	for _, ip := range r.IPs {
		if ip.Interface != nil && (*ip.Interface < 0 || *ip.Interface >= len(r.Interfaces)) {
			ip.Interface = nil
		}
	}
	return r, nil
}

// answer makes a result of what a plugin printed on ADD: one of the version that
// the plugin was configured for, with a cniVersion member.
func answer(printed []byte, version string) (json.RawMessage, error) {
	printed = bytes.TrimSpace(printed)
	switch {
	case len(printed) == 0:
		return nil, errors.New("exit status 0, but no result on standard output")
	case string(printed) == "null":
		printed = []byte("{}")
	}
	o, err := parse(printed)
	if err != nil {
		return nil, fmt.Errorf("no CNI result on standard output (%w): %q", err, fault.Clip(string(printed), maxShown))
	}
	return convert(o, printed, version)
}

// refusal is the error that a plugin printed although it ended well, nil for none.
func refusal(printed []byte) error {
	if len(printed) == 0 { // as all but ADD print
		return nil
	}
	o, err := parse(printed)
	if err != nil || codeOf(o) == 0 || !errorShaped(o) {
		return nil
	}
	return asError(o, "exit status 0")
}

// parse reads the one JSON object that a plugin prints. Keys that are given twice are
// a plugin's own affair: the last one counts.
func parse(printed []byte) (rawjson.Object, error) {
	return rawjson.Tolerant(rawjson.Parse(bytes.ToValidUTF8(printed, []byte("\uFFFD")))) // messages come in any encoding
}

// versionOf is the cniVersion of a result, "" where it has none.
func versionOf(o rawjson.Object) (string, error) {
	raw, given := o.Folded("cniVersion")
	if !given {
		return "", nil
	}
	version, isText := rawjson.Text(raw)
	if !isText {
		return "", fmt.Errorf("result: cniVersion %s is no string", fault.Clip(string(raw), maxShown))
	}
	if version != "" && !netconf.Supports(version) {
		return "", fmt.Errorf("result: cniVersion %s is none of %s", fault.Quote(version), strings.Join(netconf.SupportedVersions(), ", "))
	}
	return version, nil
}

// convert is Convert for the object that was parsed of raw. A result that does not say
// its version is of the wanted one.
func convert(o rawjson.Object, raw json.RawMessage, version string) (json.RawMessage, error) {
	from, err := versionOf(o)
	if err != nil {
		return nil, err
	}
	if from == "" {
		from, raw = version, o.With("cniVersion", rawjson.Quote(version)).JSON()
	}
	result, err := create.Create(from, raw)
	holds := elementsOf(raw)
	if err == nil {
		err = holds.valid()
	}
	if err != nil {
		return nil, fmt.Errorf("result of version %s: %w", from, err)
	}
	if from == version {
		return raw, nil
	}
	if len(holds.IPs) == 0 && netconf.AtLeast(from, listsSince) && !netconf.AtLeast(version, listsSince) {
		return nil, fmt.Errorf("result without an IP address cannot be told in CNI version %s, "+
			"which knows no other: a cniVersion of 0.3.1 or newer is needed in the configuration", version)
	}
	other, err := result.GetAsVersion(version)
	if err != nil {
		return nil, fmt.Errorf("result of version %s as %s: %w", from, version, err)
	}
	dropNewer(other, version)
	return json.Marshal(other)
}

// elements are what the lists of a result hold, of whatever version it is.
type elements struct {
	Interfaces []*struct{}
	IPs        []*struct{ Address *string }
	Routes     []*destination
	IP4, IP6   *family020
}

type destination struct{ Dst *string }

type family020 struct {
	IP     *string
	Routes []*destination
}

// elementsOf looks into a result that the CNI library has read.
func elementsOf(result json.RawMessage) (e elements) {
	_ = json.Unmarshal(result, &e) // what the library passed over is passed over
	return e
}

// valid refuses what the conversions of the CNI library and many a plugin would
// trip over. An interface index that points nowhere is not refused: older plugins
// give 0 without any interface, which harms nobody who looks first.
func (e elements) valid() error {
	if i := slices.Index(e.Interfaces, nil); i >= 0 {
		return fmt.Errorf("interfaces[%d]: null", i)
	}
	for i, ip := range e.IPs {
		if ip == nil || ip.Address == nil {
			return fmt.Errorf("ips[%d]: no address", i)
		}
	}
	for i, ip := range []*family020{e.IP4, e.IP6} {
		if ip != nil && ip.IP == nil {
			return fmt.Errorf("%s: no ip", layout020()[i])
		}
		if ip != nil && validRoutes(ip.Routes) != nil {
			return fmt.Errorf("%s.%w", layout020()[i], validRoutes(ip.Routes))
		}
	}
	return validRoutes(e.Routes)
}

func validRoutes(routes []*destination) error {
	for i, route := range routes {
		if route == nil || route.Dst == nil {
			return fmt.Errorf("routes[%d]: no dst", i)
		}
	}
	return nil
}

// dropNewer takes out what CNI 1.1.0 added: the library only changes the label.
// Elements are copied, they may be those of the result that was converted.
func dropNewer(r types.Result, version string) {
	if netconf.AtLeast(version, "1.1.0") {
		return
	}
	switch r := r.(type) {
	case *current.Result:
		for i, iface := range r.Interfaces {
			r.Interfaces[i] = &current.Interface{Name: iface.Name, Mac: iface.Mac, Sandbox: iface.Sandbox}
		}
		oldRoutes(r.Routes)
	case *types040.Result:
		oldRoutes(r.Routes)
	}
}

func oldRoutes(routes []*types.Route) {
	for i, route := range routes {
		routes[i] = &types.Route{Dst: route.Dst, GW: route.GW}
	}
}

package delegate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/containernetworking/cni/pkg/types"
	types020 "github.com/containernetworking/cni/pkg/types/020"
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
	o, err := parse(result)
	if err != nil {
		return current.Result{}, fmt.Errorf("result: %w", err)
	}
	read, err := readResult(o, result, current.ImplementedSpecVersion)
	if err != nil {
		return current.Result{}, err
	}
	newest, err := read.as(current.ImplementedSpecVersion)
	if err != nil {
		return current.Result{}, err
	}
	r, ok := newest.(*current.Result)
	if !ok {
		return current.Result{}, fmt.Errorf("result of version %s: it became a %T", read.version, newest)
	}
	for _, ip := range r.IPs {
		if ip.Interface != nil && (*ip.Interface < 0 || *ip.Interface >= len(r.Interfaces)) {
			ip.Interface = nil
		}
	}
	return *r, nil
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
		return nil, fmt.Errorf("no CNI result on standard output (%w): %q", err, clip(printed, 512))
	}
	if given, err := versionOf(o); err != nil {
		return nil, err
	} else if given == "" { // then it is the configuration's
		o = o.With("cniVersion", rawjson.Quote(version))
		printed = o.JSON()
	}
	return convert(o, printed, version)
}

// refusal is the error that a plugin printed although it ended well, nil for none.
func refusal(printed []byte) error {
	o, err := parse(printed)
	if err != nil || codeOf(o) == 0 || !errorShaped(o) {
		return nil
	}
	return asError(o, "exit status 0")
}

// parse reads the one JSON object that a plugin prints. Keys that are given twice are
// a plugin's own affair: the last one counts.
func parse(printed []byte) (rawjson.Object, error) {
	o, err := rawjson.Parse(bytes.ToValidUTF8(printed, []byte("\uFFFD"))) // messages come in any encoding
	var twice *rawjson.DuplicateError
	if errors.As(err, &twice) {
		err = nil
	}
	return o, err
}

// versionOf is the cniVersion of a result, "" where it has none.
func versionOf(o rawjson.Object) (string, error) {
	raw, given := o.Folded("cniVersion")
	if !given {
		return "", nil
	}
	version, isText := rawjson.Text(raw)
	if !isText {
		return "", fmt.Errorf("result: cniVersion %s is no string", clip(raw, 64))
	}
	if version != "" && !netconf.Supports(version) {
		return "", fmt.Errorf("result: cniVersion %s is none of %s", fault.Quote(version), strings.Join(netconf.SupportedVersions(), ", "))
	}
	return version, nil
}

func convert(o rawjson.Object, raw json.RawMessage, version string) (json.RawMessage, error) {
	read, err := readResult(o, raw, version)
	if err != nil || read.version == version {
		return read.raw, err
	}
	other, err := read.as(version)
	if err != nil {
		return nil, err
	}
	return json.Marshal(other)
}

// typed is a result that was read and is valid.
type typed struct {
	raw     json.RawMessage
	version string
	result  types.Result
}

// readResult reads a result. One that does not say its version is of the given one.
func readResult(o rawjson.Object, raw json.RawMessage, version string) (typed, error) {
	from, err := versionOf(o)
	if err != nil {
		return typed{}, err
	}
	if from == "" {
		from, raw = version, o.With("cniVersion", rawjson.Quote(version)).JSON()
	}
	result, err := create.Create(from, raw)
	if err == nil {
		err = valid(result)
	}
	if err != nil {
		return typed{}, fmt.Errorf("result of version %s: %w", from, err)
	}
	return typed{raw, from, result}, nil
}

// as is the result in another version, or in its own.
func (t typed) as(version string) (types.Result, error) {
	if t.version == version {
		return t.result, nil
	}
	if noIP(t.result) && !netconf.AtLeast(version, "0.3.0") {
		return nil, fmt.Errorf("result without an IP address cannot be told in CNI version %s, "+
			"which knows no other: a cniVersion of 0.3.1 or newer is needed in the configuration", version)
	}
	other, err := t.result.GetAsVersion(version)
	if err != nil {
		return nil, fmt.Errorf("result of version %s as %s: %w", t.version, version, err)
	}
	dropNewer(other, version)
	return other, nil
}

// valid refuses what the conversions of the CNI library and many a plugin would
// trip over. An interface index that points nowhere is not refused: older plugins
// give 0 without any interface, which harms nobody who looks first.
func valid(r types.Result) error {
	switch r := r.(type) {
	case *current.Result:
		return validLists(r.Interfaces, r.IPs, r.Routes)
	case *types040.Result:
		return validLists(r.Interfaces, r.IPs, r.Routes)
	case *types020.Result:
		return valid020(r)
	}
	return nil
}

func valid020(r *types020.Result) error {
	for i, ip := range []*types020.IPConfig{r.IP4, r.IP6} {
		if ip == nil {
			continue
		}
		if ip.IP.IP == nil {
			return fmt.Errorf("%s: no ip", layout020()[i])
		}
		for j, route := range ip.Routes {
			if route.Dst.IP == nil {
				return fmt.Errorf("%s.routes[%d]: no dst", layout020()[i], j)
			}
		}
	}
	return nil
}

// validLists is for the two layouts that name interfaces.
func validLists[I, P any](interfaces []*I, ips []*P, routes []*types.Route) error {
	for i, iface := range interfaces {
		if iface == nil {
			return fmt.Errorf("interfaces[%d]: null", i)
		}
	}
	for i, ip := range ips {
		if ip == nil || noAddress(ip) {
			return fmt.Errorf("ips[%d]: no address", i)
		}
	}
	for i, route := range routes {
		if route == nil || route.Dst.IP == nil {
			return fmt.Errorf("routes[%d]: no dst", i)
		}
	}
	return nil
}

func noAddress(ip any) bool {
	switch ip := ip.(type) {
	case *current.IPConfig:
		return ip.Address.IP == nil
	case *types040.IPConfig:
		return ip.Address.IP == nil
	}
	return false
}

func noIP(r types.Result) bool {
	switch r := r.(type) {
	case *current.Result:
		return len(r.IPs) == 0
	case *types040.Result:
		return len(r.IPs) == 0
	case *types020.Result:
		return false // it was printed in such a version
	}
	return false
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

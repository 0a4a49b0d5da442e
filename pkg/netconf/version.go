package netconf

import (
	"slices"

	"github.com/containernetworking/cni/pkg/version"
)

// DefaultVersion is the version of a configuration that names none.
const DefaultVersion = "0.1.0"

// SupportedVersions are the versions of the CNI specification that are spoken, the
// oldest first.
func SupportedVersions() []string { return version.All.SupportedVersions() }

// Supports tells whether exactly this version is spoken: versions are compared
// letter by letter.
func Supports(v string) bool { return slices.Contains(SupportedVersions(), v) }

// AtLeast tells whether a supported version is the same as another supported one
// or newer. A version that is not supported is not at least anything.
func AtLeast(v, least string) bool {
	atLeast, err := version.GreaterThanOrEqualTo(v, least)
	return err == nil && atLeast && Supports(v) && Supports(least)
}

// highest is the newest supported version among those given, "" for none.
func highest(versions []string) string {
	for _, v := range slices.Backward(SupportedVersions()) {
		if slices.Contains(versions, v) {
			return v
		}
	}
	return ""
}

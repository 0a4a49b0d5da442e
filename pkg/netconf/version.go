package netconf

import "slices"

// DefaultVersion is the version of a configuration that names none.
const DefaultVersion = "0.1.0"

// SupportedVersions are the versions of the CNI specification that are spoken, the
// oldest first.
func SupportedVersions() []string {
	return []string{"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}
}

// Supports tells whether exactly this version is spoken: versions are compared
// letter by letter.
func Supports(version string) bool { return slices.Contains(SupportedVersions(), version) }

// AtLeast tells whether a supported version is the same as another supported one
// or newer. A version that is not supported is not at least anything.
func AtLeast(version, least string) bool {
	all := SupportedVersions()
	i, j := slices.Index(all, version), slices.Index(all, least)
	return j >= 0 && i >= j
}

// highest is the newest supported version among those given, "" for none.
func highest(versions []string) string {
	best := ""
	for _, v := range versions {
		if Supports(v) && (best == "" || AtLeast(v, best)) {
			best = v
		}
	}
	return best
}

package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/plan"
)

// misplaced warns of annotations that nobody reads: those of a workload itself, and
// those whose key only looks like one of ours.
func (c *checker) misplaced(o manifest.Object) {
	path := strings.Join(append(slices.Clone(o.Template), "metadata", "annotations"), ".")
	for _, key := range []string{plan.NetworksKey, plan.DefaultNetworkKey} {
		if outer := o.Outer[key]; outer.Given() && !o.Annotations[key].Given() {
			c.warn(o, outer.Place(), fault.Fault{
				Key:  "metadata.annotations." + key,
				What: "the pods do not get it: it is the annotation of the " + o.Kind + " itself",
				Cure: "write it in " + path,
			})
		}
	}
	c.unread(o, path, plan.NetworksKey, plan.DefaultNetworkKey)
}

// unread warns of annotations that look like those that are read.
func (c *checker) unread(o manifest.Object, path string, known ...string) {
	for _, key := range slices.Sorted(maps.Keys(o.Annotations)) {
		if near := nearKey(key, known...); near != "" {
			c.warn(o, o.Annotations[key].Place(), fault.Fault{Key: path + "." + key, What: "nobody reads this annotation", Cure: "did you mean " + near + "?"})
		}
	}
}

// nearKey is the one of the known annotations that somebody had in mind who wrote
// another.
func nearKey(key string, known ...string) string {
	domain, own, _ := strings.Cut(key, "/")
	if slices.Contains(known, key) || !strings.Contains(domain, "cncf") && !strings.Contains(domain, "multus") {
		return ""
	}
	for _, near := range known {
		nearDomain, nearOwn, _ := strings.Cut(near, "/")
		if strings.EqualFold(own, nearOwn) || domain == nearDomain && name.Nearest(own, []string{nearOwn}) != "" {
			return near
		}
	}
	return ""
}

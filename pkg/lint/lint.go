// Package lint says what is wrong with pods, networks and configurations in files,
// each alone and all together, with the code that the plugin runs. It looks at
// nothing but the files: neither at a cluster nor at this machine's plugins and
// networks.
package lint

import (
	"context"
	"errors"
	"fmt"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
)

// Finding is something that is wrong with the objects, or odd about them.
type Finding struct {
	fault.Fault
	Warning bool // odd: it may well be right where there is more than these files
}

// Check tells what is wrong with the objects, in the order of the files. What kept
// files from being read is not repeated.
func Check(ctx context.Context, objects *manifest.Objects) []Finding {
	conf, err := objects.Config()
	if err != nil { // it is told with the configuration itself
		conf = config.Default()
		conf.ClusterNetwork = manifest.Unknown
	}
	c := checker{objects: objects, conf: conf, addresses: map[string]string{}}
	for _, o := range objects.All() {
		switch {
		case o.Kind == "":
			c.configuration(o)
		case o.Pod.IsZero():
			c.network(ctx, o)
		default:
			c.pod(ctx, o)
		}
	}
	return c.findings
}

// checker gathers what is wrong with the objects of some files.
type checker struct {
	objects  *manifest.Objects
	conf     config.Config // to plan with
	findings []Finding

	addresses map[string]string // who asks for an address, by network and address
	shared    []shared
}

// faults notes the faults of an error.
func (c *checker) faults(o manifest.Object, place string, err error) {
	for _, f := range o.Faults(place, err) {
		c.findings = append(c.findings, Finding{Fault: f})
	}
}

// warn is faults for what is odd.
func (c *checker) warn(o manifest.Object, place string, err error) {
	for _, f := range o.Faults(place, err) {
		c.findings = append(c.findings, Finding{Fault: f, Warning: true})
	}
}

// configuration checks a multus configuration.
func (c *checker) configuration(o manifest.Object) {
	conf, err := config.Parse([]byte(o.Config.Value))
	c.faults(o, o.Place, err)
	for _, w := range conf.Warnings {
		c.warn(o, o.Place, errors.New(w))
	}
	c.handed(o, conf)
	for i, d := range conf.Delegates {
		c.plugins(o, fmt.Sprintf("delegates[%d]", i), d.List)
	}
}

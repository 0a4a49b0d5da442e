package doctor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/plan"
)

// slow is an answer that will hold pods up; the clocks of two machines that are
// skewed or far apart have tokens and certificates refused.
const (
	slow   = time.Second
	skewed = 30 * time.Second
	apart  = 5 * time.Minute
)

// credential tells how multus identifies itself, and for how long that is good.
func credential(_ context.Context, s *survey) []Finding {
	c, err := s.client.Credential()
	if err := cmp.Or(s.client.Check(), err); err != nil {
		return faulty("", "%v", err)
	}
	const cure = "see what should keep it current: is the DaemonSet running on this node?"
	left := time.Until(c.Expires)
	switch {
	case time.Until(c.Issued) > skewed:
		return faulty("set this node's clock", "%s: issued at %s, which is still to come", c.Name, c.Issued.UTC().Format(time.RFC3339))
	case c.Expires.IsZero():
		return ok("%s: does not expire, as far as can be seen", c.Name)
	case left <= 0:
		return faulty(cure, "%s: expired at %s", c.Name, c.Expires.UTC().Format(time.RFC3339))
	case left < c.Expires.Sub(c.Issued)/10:
		return warning(cure, "%s: expires in %s", c.Name, duration.HumanDuration(left))
	}
	return ok("%s: good for %s", c.Name, duration.HumanDuration(left))
}

// api tells whether and how fast the API server answers.
func api(_ context.Context, s *survey) []Finding {
	server, err := s.server()
	switch {
	case err != nil:
		return faulty("", "%v", err)
	case server.Took > slow:
		return warning("see the load of the API server and the network to it", "version %s, answers only after %s, which each pod waits for several times", server.Version, server.Took.Round(100*time.Millisecond))
	}
	return ok("version %s, answers within %s", server.Version, server.Took.Round(time.Millisecond))
}

// clock compares this node's clock with the API server's.
func clock(_ context.Context, s *survey) []Finding {
	server, err := s.server()
	if err != nil || server.Time.IsZero() {
		return nil
	}
	return askew(time.Since(server.Time))
}

// askew tells what becomes of a clock that is ahead by this much.
func askew(ahead time.Duration) []Finding {
	const what = "%s %s the API server's"
	off, direction := duration.HumanDuration(ahead.Abs()), "ahead of"
	if ahead < 0 {
		direction = "behind"
	}
	switch {
	case ahead.Abs() > apart:
		return faulty("synchronise the clocks: tokens and certificates are refused", what, off, direction)
	case ahead.Abs() > skewed:
		return warning("synchronise the clocks", what, off, direction)
	}
	return ok("the same as the API server's")
}

// permission is one that multus has to have, or that it never needs: that has no why.
type permission struct {
	kube.Permission
	level Level
	why   string // what comes of it that it is lacking
}

func needs(conf config.Config) []permission {
	const unseen = "pods that ask for networks do not start"
	all := []permission{
		{kube.Permission{Verb: "get", Resource: "pods"}, Fault, unseen},
		{kube.Permission{Verb: "get", Group: nadGroup, Resource: nadResource}, Fault, unseen},
	}
	if conf.NetworkStatus != config.StatusNever {
		all = append(all, permission{kube.Permission{Verb: "patch", Resource: "pods", Subresource: "status"}, Fault, "no pod starts, for its network-status cannot be written"})
	}
	if conf.Events {
		all = append(all, permission{kube.Permission{Verb: "create", Resource: "events"}, Warning, "pods have no AddedInterfaces events"})
	}
	if conf.LegacyNetworks {
		all = append(all, permission{kube.Permission{Verb: "get", Group: "kubernetes.com", Resource: "networks"}, Fault, "pods with older Network objects do not start"})
	}
	return all
}

// excesses are permissions that multus never needs; who has the first one has all.
func excesses() []permission {
	return []permission{
		{Permission: kube.Permission{Verb: "*", Group: "*", Resource: "*"}},
		{Permission: kube.Permission{Verb: "get", Resource: "secrets"}},
		{Permission: kube.Permission{Verb: "create", Resource: "pods"}},
		{Permission: kube.Permission{Verb: "create", Group: "rbac.authorization.k8s.io", Resource: "clusterrolebindings"}},
	}
}

// permissions tells whether multus may do what it has to, and nothing beyond.
func permissions(ctx context.Context, s *survey) []Finding {
	if away := s.away(); away != nil {
		return away
	}
	type answer struct {
		may bool
		err error
	}
	wanted := needs(s.conf)
	all := append(wanted, excesses()...)
	answers := together(len(all), all, func(p permission) answer {
		may, err := s.client.May(ctx, p.Permission)
		return answer{may, err}
	})
	const cure, what = "bind multus to the ClusterRole of deployments/ alone", "may %s, and so may whoever reads this node's kubeconfig"
	var found []Finding
	for i, p := range all {
		switch a := answers[i]; {
		case a.err != nil:
			return unknown("not to be told: %v", a.err)
		case a.may == (p.why != ""):
		case p.why != "":
			found = append(found, finding(p.level, "give multus's ClusterRole that; see deployments/", "may not %s: %s", p, p.why)...)
		case p.Verb == "*":
			return append(found, warning(cure, what, "do everything in the cluster")...)
		default:
			found = append(found, warning(cure, what, p)...)
		}
	}
	return or(found, ok("the %d that it needs, and none of those that it must not have", len(wanted)))
}

const (
	nadGroup    = "k8s.cni.cncf.io"
	nadVersion  = "v1"
	nadResource = "network-attachment-definitions"
)

// away is what cannot be told without the API server, where it does not answer; why is
// told once.
func (s *survey) away() []Finding {
	if s.client == nil {
		return nil
	}
	if _, err := s.server(); err == nil {
		return nil
	}
	return unknown("not to be told while the API server does not answer; see api")
}

// networks tells whether the API server knows networks, and whether those that there
// are can be read.
func networks(ctx context.Context, s *survey) []Finding {
	if away := s.away(); away != nil {
		return away
	}
	served, err := s.client.Resources(ctx, nadGroup, nadVersion)
	switch {
	case errors.Is(err, plan.ErrNotFound), err == nil && !slices.Contains(served, nadResource):
		return faulty("install the CustomResourceDefinition of deployments/", "the API server knows no %s of %s/%s", nadResource, nadGroup, nadVersion)
	case err != nil:
		return unknown("not to be told: %v", err)
	}
	known := s.known()
	if known.err != nil {
		return unknown("they cannot be listed, and so their plugins and addresses were not looked at: %v", known.err)
	}
	return or(known.bad, ok("%s/%s is served; %s, all sound", nadGroup, nadVersion, counted(len(known.networks)-len(known.everywhere), "network", "networks")))
}

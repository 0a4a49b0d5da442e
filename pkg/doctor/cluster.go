package doctor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
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
	if err := s.client.Check(); err != nil {
		return faulty("", "%v", err)
	}
	c, err := s.client.Credential()
	if err != nil {
		return faulty("", "%v", err)
	}
	now := time.Now()
	left := c.Expires.Sub(now)
	switch {
	case c.Issued.After(now.Add(skewed)):
		return faulty("set this node's clock", "%s: issued at %s, which is still to come", c.Name, c.Issued.UTC().Format(time.RFC3339))
	case c.Expires.IsZero():
		return ok("%s: does not expire, as far as can be seen", c.Name)
	case left <= 0:
		return faulty("see what should keep it current: is the DaemonSet running on this node?", "%s: expired at %s", c.Name, c.Expires.UTC().Format(time.RFC3339))
	case left < c.Expires.Sub(c.Issued)/10:
		return warning("see what should keep it current: is the DaemonSet running on this node?", "%s: expires in %s", c.Name, duration.HumanDuration(left))
	}
	return ok("%s: good for %s", c.Name, duration.HumanDuration(left))
}

// api tells whether and how fast the API server answers, and what its clock says.
func api(_ context.Context, s *survey) []Finding {
	server, err := s.server()
	if err != nil {
		return faulty("", "%v", err)
	}
	found := ok("version %s, answers within %s", server.Version, server.Took.Round(time.Millisecond))
	if server.Took > slow {
		found = warning("see the load of the API server and the network to it", "version %s, answers only after %s, which each pod waits for several times", server.Version, server.Took.Round(100*time.Millisecond))
	}
	return append(found, clock(server, time.Now())...)
}

func clock(server kube.Server, now time.Time) []Finding {
	off := now.Sub(server.Time)
	level, cure := OK, ""
	switch {
	case server.Time.IsZero():
		return nil
	case off.Abs() > apart:
		level, cure = Fault, "synchronise the clocks: tokens and certificates are refused"
	case off.Abs() > skewed:
		level, cure = Warning, "synchronise the clocks"
	default:
		off = 0
	}
	what := "the same as the API server's"
	if off > 0 {
		what = duration.HumanDuration(off) + " ahead of the API server's"
	} else if off < 0 {
		what = duration.HumanDuration(-off) + " behind the API server's"
	}
	return []Finding{{Check: "clock", Level: level, What: what, Cure: cure}}
}

// need is a permission that multus has to have.
type need struct {
	kube.Permission
	level Level
	why   string
}

func needs(conf config.Config) []need {
	all := []need{
		{kube.Permission{Verb: "get", Resource: "pods"}, Fault, "pods that ask for networks do not start"},
		{kube.Permission{Verb: "get", Group: nadGroup, Resource: nadResource}, Fault, "pods that ask for networks do not start"},
	}
	if conf.NetworkStatus != config.StatusNever {
		all = append(all, need{kube.Permission{Verb: "patch", Resource: "pods", Subresource: "status"}, Fault, "no pod starts, for its network-status cannot be written"})
	}
	if conf.Events {
		all = append(all, need{kube.Permission{Verb: "create", Resource: "events"}, Warning, "pods have no AddedInterfaces events"})
	}
	if conf.LegacyNetworks {
		all = append(all, need{kube.Permission{Verb: "get", Group: "kubernetes.com", Resource: "networks"}, Fault, "pods with older Network objects do not start"})
	}
	return all
}

func everything() kube.Permission { return kube.Permission{Verb: "*", Group: "*", Resource: "*"} }

// excesses are permissions that multus never needs.
func excesses() []kube.Permission {
	return []kube.Permission{
		everything(),
		{Verb: "get", Resource: "secrets"},
		{Verb: "create", Resource: "pods"},
		{Verb: "create", Group: "rbac.authorization.k8s.io", Resource: "clusterrolebindings"},
	}
}

// permissions tells whether multus may do what it has to, and nothing beyond.
func permissions(ctx context.Context, s *survey) []Finding {
	var found []Finding
	wanted, excesses := needs(s.conf), excesses()
	var asked []kube.Permission
	for _, n := range wanted {
		asked = append(asked, n.Permission)
	}
	if _, err := s.server(); err != nil {
		return unanswered()
	}
	may, err := s.may(ctx, append(asked, excesses...))
	if err != nil {
		return unknown("not to be told: %v", err)
	}
	for _, n := range wanted {
		if !may[n.Permission] {
			found = append(found, finding(n.level, "give multus's ClusterRole that; see deployments/", "may not %s: %s", n.Permission, n.why)...)
		}
	}
	const cure, what = "bind multus to the ClusterRole of deployments/ alone", "may %s, and so may whoever reads this node's kubeconfig"
	if may[everything()] {
		return append(found, warning(cure, what, "do everything in the cluster")...)
	}
	for _, p := range excesses {
		if may[p] {
			found = append(found, warning(cure, what, p)...)
		}
	}
	return or(found, ok("the %d that it needs, and none of those that it must not have", len(wanted)))
}

// may asks for all permissions at the same time.
func (s *survey) may(ctx context.Context, permissions []kube.Permission) (map[kube.Permission]bool, error) {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		last  error
	)
	may := map[kube.Permission]bool{}
	for _, p := range permissions {
		group.Go(func() {
			allowed, err := s.client.May(ctx, p)
			mu.Lock()
			defer mu.Unlock()
			may[p] = allowed
			last = cmp.Or(err, last)
		})
	}
	group.Wait()
	return may, last
}

const (
	nadGroup    = "k8s.cni.cncf.io"
	nadVersion  = "v1"
	nadResource = "network-attachment-definitions"
)

// unanswered is what cannot be told without the API server; why is told once.
func unanswered() []Finding {
	return unknown("not to be told while the API server does not answer; see api")
}

// networks tells whether the API server knows networks, and whether those that there
// are can be read.
func networks(ctx context.Context, s *survey) []Finding {
	if _, err := s.server(); err != nil {
		return unanswered()
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
	if len(known.bad) > 0 {
		return few(known.bad)
	}
	return ok("%s/%s is served; %s, all sound", nadGroup, nadVersion, counted(len(known.networks), "network", "networks"))
}

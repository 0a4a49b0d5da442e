package manifest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/multus-cni/multus/pkg/plan"
)

// Objects are the Kubernetes objects and the Multus configuration of a set of
// files. They take the API server's place: Objects is a plan.Definitions and a
// multus.Cluster.
type Objects struct {
	// Warnings name what was left out, each with its place.
	Warnings []string

	all      []Object
	nads     definitions
	networks definitions
	conf     json.RawMessage

	mu     sync.Mutex
	status map[string][]byte // of the pods, by namespace/name
}

// All are the pods, workloads, NetworkAttachmentDefinitions, older Network objects
// and the Multus configuration, in the order of the files.
func (o *Objects) All() []Object { return slices.Clone(o.all) }

// Pods are the pods, and a pod for each template of a workload, in the order of
// the files. Every one of them has a UID.
func (o *Objects) Pods() []plan.Pod {
	var pods []plan.Pod
	for _, object := range o.all {
		if !object.Pod.IsZero() {
			pods = append(pods, object.Pod)
		}
	}
	return pods
}

// Conf is the Multus configuration, as JSON.
func (o *Objects) Conf() (conf []byte, given bool) {
	return slices.Clone([]byte(o.conf)), o.conf != nil
}

// Definitions finds what the files define, of a kind.
func (o *Objects) Definitions(_ context.Context, kind string, refs []plan.Ref) map[plan.Ref]plan.Answer {
	from := o.nads
	if kind == plan.KindNetwork {
		from = o.networks
	}
	answers := make(map[plan.Ref]plan.Answer, len(refs))
	for _, ref := range refs {
		def, ok := from.known[ref]
		if !ok {
			answers[ref] = plan.Answer{Err: missing(ref.String(), from.kind, from.names())}
			continue
		}
		answers[ref] = plan.Answer{Definition: def}
	}
	return answers
}

// Pod is the pod of that name.
func (o *Objects) Pod(_ context.Context, namespace, name string) (plan.Pod, error) {
	want := plan.Pod{Namespace: namespace, Name: name}.String()
	var names []string
	for _, p := range o.Pods() {
		if p.String() == want {
			return p, nil
		}
		names = append(names, p.String())
	}
	return plan.Pod{}, fmt.Errorf("pod %s: %w", want, missing(want, "pod", names))
}

// Publish keeps the status, for Status to show. Events go nowhere.
func (o *Objects) Publish(ctx context.Context, pod plan.Pod, status []byte, _ string) error {
	known, err := o.Pod(ctx, pod.Namespace, pod.Name)
	if err != nil {
		return err
	}
	if pod.UID != "" && pod.UID != known.UID {
		return fmt.Errorf("pod %s of UID %s: %w, the one of the files has UID %s",
			pod, pod.UID, plan.ErrNotFound, known.UID)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if status != nil {
		o.status[pod.String()] = slices.Clone(status)
	}
	return nil
}

// Check is nil: files are always there.
func (o *Objects) Check() error { return nil }

// Status is the network-status annotation that was published for the pod last;
// nil where none was.
func (o *Objects) Status(pod plan.Pod) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.status[pod.String()])
}

// definitions are the networks of one kind.
type definitions struct {
	kind  string
	known map[plan.Ref]plan.Definition
}

func (d definitions) names() []string {
	names := make([]string, 0, len(d.known))
	for ref := range d.known {
		names = append(names, ref.String())
	}
	slices.Sort(names)
	return names
}

// uidOf makes up the UID of a pod that has none. It is the same for the same pod
// in every run, so that records and statuses can be compared.
func uidOf(namespace, name string) string {
	sum := sha256.Sum256([]byte("pod " + namespace + "/" + name))
	sum[6] = sum[6]&0x0f | 0x80 // version 8: made by a rule of one's own
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

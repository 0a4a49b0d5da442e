package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// doc is a JSON object.
type doc = map[string]any

const (
	networksKey = "k8s.v1.cni.cncf.io/networks"
	statusKey   = "k8s.v1.cni.cncf.io/network-status"
)

// pod is a pod that waits, with the annotation that selects networks ("": none),
// bound to the node, since nobody schedules.
func pod(name, networks string) doc {
	metadata := doc{"name": name, "namespace": "default"}
	if networks != "" {
		metadata["annotations"] = doc{networksKey: networks}
	}
	return doc{
		"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
		"spec": doc{
			"nodeName": "e2e", "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 2, "dnsPolicy": "Default",
			"containers": []doc{{
				"name": "wait", "image": "docker.io/library/busybox:e2e", "imagePullPolicy": "Never",
				"command": []string{"sh", "-c", "trap exit TERM; sleep 3600 & wait"},
			}},
		},
	}
}

// network is a NAD whose configuration is a bridge of its own with addresses of its own.
func network(name string, subnet int) doc {
	config := fmt.Sprintf(`{"cniVersion": "1.0.0", "type": "bridge", "bridge": "br%d", "isGateway": true, "ipMasq": true,
		"ipam": {"type": "host-local", "subnet": "10.60.%d.0/24"}}`, subnet, subnet)
	return definition(name, config)
}

// definition is a NAD.
func definition(name, config string) doc {
	return doc{
		"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
		"metadata": doc{"name": name, "namespace": "default"}, "spec": doc{"config": config},
	}
}

// apply makes objects.
func (n node) apply(objects ...doc) {
	n.t.Helper()
	data, err := json.Marshal(doc{"apiVersion": "v1", "kind": "List", "items": objects})
	n.must(err)
	n.feed(string(data), "kubectl", "apply", "-f", "-")
}

// start makes pods and waits until they run; it returns how long that took.
func (n node) start(pods ...doc) time.Duration {
	n.t.Helper()
	begin := time.Now()
	n.apply(pods...)
	var names []string
	for _, p := range pods {
		names = append(names, p["metadata"].(doc)["name"].(string))
	}
	n.running(names...)
	return time.Since(begin)
}

// running waits until the pods run and are not about to go.
func (n node) running(names ...string) {
	n.t.Helper()
	n.until("running", func() bool {
		phases, err := n.phases()
		for _, name := range names {
			if err != nil || phases[name] != "Running" {
				return false
			}
		}
		return true
	})
}

const (
	podsPath   = "/api/v1/namespaces/default/pods"
	eventsPath = "/api/v1/namespaces/default/events"
)

// phases are the phases of all pods by name; of those that are about to go none of them.
func (n node) phases() (map[string]string, error) {
	var list struct {
		Items []struct {
			Metadata struct{ Name, DeletionTimestamp string }
			Status   struct{ Phase string }
		}
	}
	err := n.api(http.MethodGet, podsPath, &list)
	phases := map[string]string{}
	for _, it := range list.Items {
		if it.Metadata.DeletionTimestamp == "" {
			phases[it.Metadata.Name] = it.Status.Phase
		} else {
			phases[it.Metadata.Name] = "going"
		}
	}
	return phases, err
}

// removePods deletes all pods, those of the manifest directory too, and what is told of them.
func (n node) removePods() {
	n.t.Helper()
	n.run("sh", "-c", "rm -f /etc/kubernetes/manifests/*")
	n.must(n.api(http.MethodDelete, podsPath, &doc{}))
	n.until("without pods", func() bool {
		left, err := n.phases()
		return err == nil && len(left) == 0
	})
	n.must(n.api(http.MethodDelete, eventsPath, &doc{}))
}

// status is one entry of a pod's network-status.
type status struct {
	Name      string
	Interface string
	IPs       []string
	MAC       string
	MTU       int
	Default   bool
}

// statuses is a pod's network-status.
func (n node) statuses(name string) []status {
	n.t.Helper()
	var it struct {
		Metadata struct{ Annotations map[string]string }
	}
	n.must(n.api(http.MethodGet, podsPath+"/"+name, &it))
	text := it.Metadata.Annotations[statusKey]
	var list []status
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		n.t.Fatalf("network-status of %s: %v: %q", name, err, text)
	}
	return list
}

// exec runs a command in a pod.
func (n node) exec(pod string, command ...string) string {
	n.t.Helper()
	return n.kubectl(append([]string{"exec", pod, "--"}, command...)...)
}

// real is what the pod really has: of each interface but lo its name, address, MTU and MAC.
func (n node) real(pod string) map[string]status {
	n.t.Helper()
	have := map[string]status{}
	link := regexp.MustCompile(`(?m)^\d+: ([^:@ ]+)[^\n]* mtu (\d+)[^\n]*link/ether ([0-9a-f:]+)`)
	out := n.exec(pod, "sh", "-c", "ip -o link && ip -o -4 addr")
	for _, m := range link.FindAllStringSubmatch(out, -1) {
		var mtu int
		_, err := fmt.Sscan(m[2], &mtu)
		n.must(err)
		have[m[1]] = status{Interface: m[1], MTU: mtu, MAC: m[3]}
	}
	address := regexp.MustCompile(`(?m)^\d+: (\S+) +inet ([0-9.]+)/`)
	for _, m := range address.FindAllStringSubmatch(out, -1) {
		if s, ok := have[m[1]]; ok {
			s.IPs = append(s.IPs, m[2])
			have[m[1]] = s
		}
	}
	return have
}

// truthful holds a pod's network-status to what the pod really has, and to the
// networks that it should have, in order.
func (n node) truthful(pod string, networks ...string) []status {
	n.t.Helper()
	list, have := n.statuses(pod), n.real(pod)
	if len(list) != len(networks) || len(have) != len(networks) {
		n.t.Fatalf("%s: network-status %+v, interfaces %+v, want networks %q", pod, list, have, networks)
	}
	for i, s := range list {
		if s.Name != networks[i] || s.Default != (i == 0) {
			n.t.Errorf("%s: entry %d of network-status is %+v, want network %s", pod, i, s, networks[i])
		}
		real := have[s.Interface]
		if fmt.Sprint(s.IPs) != fmt.Sprint(real.IPs) || s.MAC != real.MAC || len(s.IPs) == 0 || s.MTU != 0 && s.MTU != real.MTU {
			n.t.Errorf("%s: network-status says %+v, the pod has %+v", pod, s, real)
		}
	}
	return list
}

// events are the messages of a pod's events with a reason.
func (n node) events(pod, reason string) string {
	n.t.Helper()
	var list struct{ Items []struct{ Message string } }
	n.must(n.api(http.MethodGet, eventsPath+"?fieldSelector=involvedObject.name="+pod+",reason="+reason, &list))
	var messages strings.Builder
	for _, it := range list.Items {
		messages.WriteString(it.Message + "\n")
	}
	return messages.String()
}

// told waits for an event of a pod that holds all the texts, and returns it.
func (n node) told(pod, reason string, texts ...string) string {
	n.t.Helper()
	found := ""
	n.until(fmt.Sprintf("told %q", texts), func() bool {
		for line := range strings.Lines(n.events(pod, reason)) {
			missing := false
			for _, text := range texts {
				missing = missing || !strings.Contains(line, text)
			}
			if !missing {
				found = line
				return true
			}
		}
		return false
	})
	return found
}

package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/multus-cni/multus/test/thirdparty"
)

const (
	serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount" // where a pod finds its own
	poolKind       = "ippools.whereabouts.cni.cncf.io"
)

// whereabouts puts whereabouts on the node: its kinds, its permissions, and the file
// that its installer would write.
func (n node) whereabouts() {
	n.t.Helper()
	n.plugin("whereabouts")
	crds := filepath.Join(thirdparty.Source(n.t, "whereabouts"), "doc/crds")
	for _, file := range []string{"whereabouts.cni.cncf.io_ippools", "whereabouts.cni.cncf.io_overlappingrangeipreservations", "daemonset-install"} {
		n.kubectl("apply", "-f", filepath.Join(crds, file+".yaml"))
	}
	n.kubectl("delete", "daemonset", "whereabouts", "-n", "kube-system") // its image is nowhere
	n.until("kinds are served", func() bool { _, err := n.try("", "kubectl", "get", poolKind, "-A"); return err == nil })
	n.write("/etc/cni/net.d/whereabouts.d/whereabouts.conf",
		`{"datastore": "kubernetes", "kubernetes": {"kubeconfig": "`+n.dir()+`/admin.kubeconfig"}, "log_file": "/run/whereabouts.log", "log_level": "error"}`)
	n.t.Cleanup(func() { // the plugin needs its file for DEL
		n.end()
		n.run("rm", "-rf", "/etc/cni/net.d/whereabouts.d")
	})
}

// shared is a network between the nodes whose addresses whereabouts gives.
func shared(name, ranged string) doc {
	return definition(name, fmt.Sprintf(`{"cniVersion": "0.3.1", "type": "macvlan", "master": "eth0", "mode": "bridge",
		"ipam": {"type": "whereabouts", "range": %q}}`, ranged))
}

// reserved are the pods that addresses of a pool are reserved for, by the address's place in it.
func (n node) reserved(pool string) map[string]string {
	n.t.Helper()
	var object struct {
		Spec struct {
			Allocations map[string]struct{ PodRef string }
		}
	}
	out, err := n.try("", "kubectl", "get", poolKind, "-n", "kube-system", pool, "-o", "json")
	if err != nil && strings.Contains(out, "NotFound") {
		return nil
	}
	n.must(err)
	n.must(json.Unmarshal([]byte(out), &object))
	pods := map[string]string{}
	for place, a := range object.Spec.Allocations {
		pods[place] = a.PodRef
	}
	return pods
}

// holders waits until a pool has addresses reserved for these pods, and no others.
func (n node) holders(pool string, want ...string) {
	n.t.Helper()
	slices.Sort(want)
	n.until(fmt.Sprintf("reserved for %q alone", want), func() bool {
		return slices.Equal(slices.Sorted(maps.Values(n.reserved(pool))), want)
	})
}

// TestWhereabouts: pods of two nodes never share an address, reach each other, and
// give their addresses back, also when they are deleted by force, or move.
func TestWhereabouts(t *testing.T) {
	n := installed(t)
	n.whereabouts()
	second := neighbour(t, "e2e-2", "MULTUS_E2E_JOIN="+n.base)
	second.whereabouts()
	const pool = "10.60.20.0-28"
	n.apply(shared("lan", "10.60.20.0/28"))
	var pods []doc
	var names []string
	for i := range 3 {
		here, there := fmt.Sprintf("here-%d", i), fmt.Sprintf("there-%d", i)
		pods = append(pods, pod(here, "lan"), on(second, pod(there, "lan")))
		names = append(names, "default/"+here, "default/"+there)
	}
	n.start(pods...)
	n.holders(pool, names...)
	owners := map[string]string{}
	for _, name := range names {
		name = strings.TrimPrefix(name, "default/")
		ip := n.truthful(name, "cbr0", "default/lan")[1].IPs[0]
		if owners[ip] != "" {
			t.Errorf("%s and %s both have %s", owners[ip], name, ip)
		}
		owners[ip] = name
	}
	for ip := range owners {
		n.exec("here-0", "ping", "-c1", "-W5", ip)
	}

	t.Log("a pod moves to the other node, one goes by force")
	n.kubectl("delete", "pod", "here-1")
	n.kubectl("delete", "pod", "here-2", "--force", "--grace-period=0")
	n.start(on(second, pod("here-1", "lan")))
	moved := n.truthful("here-1", "cbr0", "default/lan")[1]
	n.exec("here-0", "ping", "-c1", "-W5", moved.IPs[0])
	n.holders(pool, slices.DeleteFunc(names, func(name string) bool { return name == "default/here-2" })...)
	if records := strings.Fields(n.records()); len(records) != 1 {
		t.Errorf("records of the node that the pod moved away from: %q", records)
	}
	n.removePods()
	n.holders(pool)
	n.clean()
	second.clean()
}

// TestWhereaboutsFull: a pod that finds the range full says so, waits, and starts
// with the address that another gives back.
func TestWhereaboutsFull(t *testing.T) {
	n := installed(t)
	n.whereabouts()
	n.apply(shared("small", "10.60.21.0/30"))
	n.start(pod("first", "small"), pod("second", "small"))
	n.apply(pod("third", "small"))
	t.Log(n.told("third", "FailedCreatePodSandBox", "network default/small (net0)", "Could not allocate IP in range"))
	n.holders("10.60.21.0-30", "default/first", "default/second")
	n.kubectl("delete", "pod", "first")
	n.running("third")
	n.truthful("third", "cbr0", "default/small")
	n.holders("10.60.21.0-30", "default/second", "default/third")
	n.removePods()
	n.holders("10.60.21.0-30")
}

// TestWhereaboutsReconciles: its reconciler frees what a pod that is not there
// holds, and lets alone what it finds in the network status of those that are.
func TestWhereaboutsReconciles(t *testing.T) {
	n := installed(t)
	n.whereabouts()
	n.apply(shared("lan", "10.60.22.0/28"))
	n.start(pod("alive", "lan"))
	const pool = "10.60.22.0-28"
	n.kubectl("patch", poolKind, "-n", "kube-system", pool, "--type=merge", "-p",
		`{"spec": {"allocations": {"9": {"id": "gone", "podref": "default/gone", "ifname": "net0"}}}}`)
	n.holders(pool, "default/alive", "default/gone")

	token := n.kubectl("create", "token", "whereabouts", "-n", "kube-system", "--duration", "10m")
	n.write(serviceAccount+"/token", token)
	n.run("cp", n.dir()+"/pki/ca.crt", serviceAccount+"/ca.crt")
	n.write("/cron-schedule/config", "@every 3s")
	t.Cleanup(func() { n.run("rm", "-rf", serviceAccount, "/cron-schedule") })
	n.daemon("whereabouts-controlloop", []string{
		"NODENAME=" + n.name, "WHEREABOUTS_NAMESPACE=kube-system", "KUBERNETES_SERVICE_HOST=10.96.0.1", "KUBERNETES_SERVICE_PORT=443",
	}, "-log-level", "debug")
	n.holders(pool, "default/alive")
	n.until("looked again", func() bool {
		return strings.Count(n.run("cat", n.dir()+"/log/whereabouts-controlloop"), "reconciler success") > 2
	})
	n.holders(pool, "default/alive")
	n.truthful("alive", "cbr0", "default/lan")
}

package deployments_test

import (
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/multus-cni/multus/pkg/node"
)

// typed are the objects of one type in a stream.
func typed[T runtime.Object](t *testing.T, stream []byte) []T {
	t.Helper()
	var all []T
	for _, doc := range documents(t, stream) {
		if o, ok := decode(t, doc).(T); ok {
			all = append(all, o)
		}
	}
	return all
}

// daemonSet is the one DaemonSet of an overlay.
func daemonSet(t *testing.T, overlay string) *appsv1.DaemonSet {
	t.Helper()
	all := typed[*appsv1.DaemonSet](t, built(t, deployments+"/overlays/"+overlay))
	if len(all) != 1 {
		t.Fatalf("%d DaemonSets in the overlay %s", len(all), overlay)
	}
	return all[0]
}

// TestPodHasNoMoreRights than docs/deploying.md explains.
func TestPodHasNoMoreRights(t *testing.T) {
	for _, name := range overlays(t) {
		pod := daemonSet(t, name).Spec.Template.Spec
		c := pod.Containers[0]
		rights := c.SecurityContext
		for fault, is := range map[string]bool{
			"several containers":       len(pod.Containers) != 1 || len(pod.InitContainers) > 0,
			"privileged":               *rights.Privileged || *rights.AllowPrivilegeEscalation,
			"the host's processes":     pod.HostPID || pod.HostIPC,
			"a writable root":          !*rights.ReadOnlyRootFilesystem,
			"more capabilities":        !slices.Equal(rights.Capabilities.Drop, []corev1.Capability{"ALL"}) || !slices.Equal(rights.Capabilities.Add, []corev1.Capability{"DAC_OVERRIDE"}),
			"every system call":        pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault,
			"a network of the cluster": !pod.HostNetwork,
			"QoS below Guaranteed":     fmt.Sprint(c.Resources.Requests) != fmt.Sprint(c.Resources.Limits) || len(c.Resources.Limits) != 2,
			"probes from outside":      c.LivenessProbe.HTTPGet.Host != "127.0.0.1" || c.ReadinessProbe.HTTPGet.Host != "127.0.0.1",
			"a moving tag":             !strings.Contains(c.Image, ":v") && !strings.Contains(c.Image, "@sha256:"),
		} {
			if is {
				t.Errorf("overlay %s has %s", name, fault)
			}
		}
		for _, m := range c.VolumeMounts {
			if m.MountPropagation != nil {
				t.Errorf("overlay %s: propagation of %s", name, m.MountPath)
			}
		}
	}
}

// TestDirectoriesAreMounted: what the installer is to write in a distribution is
// mounted, under its own name.
func TestDirectoriesAreMounted(t *testing.T) {
	for _, name := range overlays(t) {
		pod := daemonSet(t, name).Spec.Template.Spec
		mounted := map[string]bool{}
		for _, m := range pod.Containers[0].VolumeMounts {
			i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
			if i < 0 || pod.Volumes[i].HostPath == nil || pod.Volumes[i].HostPath.Path != m.MountPath {
				t.Errorf("overlay %s: %s is not the host's %[2]s", name, m.MountPath)
			}
			mounted[m.MountPath] = !m.ReadOnly
		}
		dirs, known := node.Distributions()[env(pod, "MULTUS_DISTRIBUTION")]
		if !known {
			t.Errorf("overlay %s: no distribution", name)
		}
		for _, dir := range []string{dirs.Conf, dirs.Bin, "/var/lib/cni/multus"} {
			for ; dir != "/" && !mounted[dir]; dir = path.Dir(dir) {
			}
			if dir == "/" {
				t.Errorf("overlay %s: not mounted to be written: %+v", name, dirs)
			}
		}
	}
}

func env(pod corev1.PodSpec, name string) string {
	for _, e := range pod.Containers[0].Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

// TestVariablesAreFlags: each variable of the pod is a flag of `multus install`.
func TestVariablesAreFlags(t *testing.T) {
	for _, name := range overlays(t) {
		args := []string{"run", "./cmd/multus", "install", "--once", "--help"}
		for _, e := range daemonSet(t, name).Spec.Template.Spec.Containers[0].Env {
			flag := "--" + strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(e.Name, "MULTUS_"), "_", "-"))
			args = append(args, flag+"="+e.Value)
		}
		cmd := exec.Command("go", args...)
		cmd.Dir = "../.."
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("overlay %s: %v\n%s", name, err, out)
		}
	}
}

// TestNobodyElseSelectsThePods: older deployments of multus select app, name and tier.
func TestNobodyElseSelectsThePods(t *testing.T) {
	labels := daemonSet(t, "kubeadm").Spec.Template.Labels
	for _, key := range []string{"app", "name", "tier", "k8s-app", "component"} {
		if value, there := labels[key]; there {
			t.Errorf("%s=%s, which older selectors match", key, value)
		}
	}
}

// TestRightsAreLeast: a verb that changes or lists more is a decision to be made here.
func TestRightsAreLeast(t *testing.T) {
	allowed := map[string]string{
		"network-attachment-definitions": "get,list", "pods": "get", "pods/status": "patch", "events": "create",
		"serviceaccounts/token multus": "create", "daemonsets multus": "get",
	}
	stream := with(t)
	rules := slices.Concat(typed[*rbacv1.ClusterRole](t, stream)[0].Rules, typed[*rbacv1.Role](t, stream)[0].Rules)
	for _, rule := range rules {
		what := strings.TrimSpace(strings.Join(rule.Resources, ",") + " " + strings.Join(rule.ResourceNames, ","))
		if got := strings.Join(rule.Verbs, ","); got != allowed[what] {
			t.Errorf("%s: %s, want %s", what, got, allowed[what])
		}
		delete(allowed, what)
	}
	if len(allowed) > 0 {
		t.Errorf("missing: %v", allowed)
	}
}

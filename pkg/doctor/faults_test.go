package doctor_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// record puts a sandbox on record whose network namespace is at a path.
func (w *world) record(id, netns string) {
	w.t.Helper()
	list, _, err := netconf.Parse([]byte(`{"cniVersion": "1.0.0", "name": "x", "type": "macvlan"}`), "")
	cnitest.Must(w.t, err)
	cnitest.Must(w.t, state.Dir(w.path("/var/lib/cni/multus")).Create(state.Record{
		Sandbox:     plan.Sandbox{ContainerID: id, IfName: "eth0", NetNS: netns},
		Attachments: []state.Attachment{{Attachment: plan.Attachment{Network: "x", Interface: "eth0", Config: list}, Phase: state.Attached}},
	}))
}

// takes has host-local keep addresses of a network.
func (w *world) takes(network, format string, first, last int) {
	for i := first; i <= last; i++ {
		w.write("/var/lib/cni/networks/"+network+"/"+fmt.Sprintf(format, i), "")
	}
}

// labelled gives files SELinux labels of these types.
func (w *world) labelled(types map[string]string) {
	w.t.Helper()
	w.write("/sys/fs/selinux/enforce", "1")
	for path, kind := range types {
		if err := unix.Setxattr(w.path(path), "security.selinux", []byte("system_u:object_r:"+kind+":s0\x00"), 0); err != nil {
			w.t.Skipf("labels cannot be set here: %v", err)
		}
	}
}

// mounted gives a directory a small file system of its own.
func (w *world) mounted(dir string, flags uintptr) {
	w.t.Helper()
	cnitest.Must(w.t, os.MkdirAll(w.path(dir), 0o700))
	if err := unix.Mount("none", w.path(dir), "tmpfs", flags, "mode=0700,size=8k"); err != nil {
		w.t.Skipf("nothing can be mounted here: %v", err)
	}
	w.t.Cleanup(func() { _ = unix.Unmount(w.path(dir), unix.MNT_DETACH) })
}

// crio makes CRI-O the node's runtime.
func (w *world) crio(dropIn string) {
	w.remove("/etc/containerd")
	w.write("/etc/crio/crio.conf", "[crio.network]\nnetwork_dir = '/nowhere'\n")
	w.write("/etc/crio/crio.conf.d/10-net.conf", "[crio.network]\nnetwork_dir = '/etc/cni/net.d/'\nplugin_dirs = ['/opt/cni/bin/']\n"+dropIn)
}

func otherMachine() (name string, number byte) {
	if runtime.GOARCH == "arm64" {
		return "x86_64", 62
	}
	return "aarch64", 183
}

func (w *world) foreignPlugin(name string) {
	w.t.Helper()
	data := []byte(w.read("/opt/cni/bin/" + name))
	_, data[18] = otherMachine()
	w.write("/opt/cni/bin/"+name, string(data))
	w.mode("/opt/cni/bin/"+name, 0o755)
}

// Each fault in a world that has it, and nothing else wrong.
func TestFaults(t *testing.T) {
	other, _ := otherMachine()
	tests := []struct {
		name string
		do   func(w *world)
		want string // begins of lines
	}{
		{"not installed", func(w *world) { w.remove("/etc/cni"); w.remove("/opt") },
			`fault configuration: multus is not on this machine, nor is there a directory /etc/cni/net.d: no node of Kubernetes? -> put multus on this node first: `},
		{"no configuration", func(w *world) { w.remove(confFile) },
			`fault configuration: no configuration of multus in /etc/cni/net.d: pods start without it -> put multus on this node first`},
		{"taken away by Cilium", func(w *world) { w.remove(confFile); w.write(confFile+".cilium_bak", ourConf) },
			`fault configuration: Cilium has taken multus's configuration away: /etc/cni/net.d/00-multus.conflist.cilium_bak -> set cni.exclusive=false`},
		{"no directory at all", func(w *world) { w.remove("/etc/cni/net.d"); w.write("/etc/cni/net.d", "") },
			`fault configuration: /etc/cni/net.d cannot be read: `},
		{"another network first", func(w *world) { w.write("/etc/cni/net.d/00-a.conflist", cbr0) },
			`fault configuration: /etc/cni/net.d/00-a.conflist comes before multus's own configuration: pods start without multus -> remove it, or rename it to come after 00-multus.conflist`},
		{"half a file first", func(w *world) { w.write("/etc/cni/net.d/00-a.conflist", `{"cniVersion": `) },
			`fault configuration: a configuration that cannot be read comes first, which leaves the whole node without a network: /etc/cni/net.d/00-a.conflist: `},
		{"half a file first, CRI-O", func(w *world) { w.crio(""); w.write("/etc/cni/net.d/00-a.conflist", `{"cniVersion": `) },
			`warning configuration: CRI-O skips a configuration that cannot be read: /etc/cni/net.d/00-a.conflist: `},
		{"a list in a file for none", func(w *world) { w.write("/etc/cni/net.d/00-a.conf", cbr0) },
			`fault configuration: a configuration that cannot be read comes first, which leaves the whole node without a network: /etc/cni/net.d/00-a.conf: a list of plugins is expected in .conflist files, and nowhere else`},
		{"two of multus", func(w *world) {
			w.write("/etc/cni/net.d/01-multus.conf", `{"cniVersion": "1.0.0", "name": "m", "type": "multus-shim"}`)
		},
			`warning configuration: /etc/cni/net.d/01-multus.conf: another configuration of multus beside /etc/cni/net.d/00-multus.conflist -> remove the one that is not meant`},
		{"wrong configuration", func(w *world) { w.write(confFile, strings.Replace(ourConf, `"/run/ready"`, `7`, 1)) },
			`fault configuration: ` + confFile + `:1:1: multus configuration: readinessIndicatorFile: a string is expected, found a number -> correct it`},
		{"capability that is lacking", func(w *world) {
			w.write(confFile, `{"cniVersion": "1.0.0", "name": "x", "plugins": [{"type": "multus", "delegates": [{"cniVersion": "1.0.0", "name": "x", "type": "bridge", "capabilities": {"portMappings": true}}]}]}`)
		}, `warning configuration: ` + confFile + `:1:1: multus configuration: capabilities: lacks "portMappings", which a plugin of the default network declares`},
		{"unknown key", func(w *world) {
			w.write(confFile, strings.Replace(ourConf, `"kubeconfig"`, `"kubeConfg": 1, "kubeconfig"`, 1))
		},
			`warning configuration: ` + confFile + `:1:1: multus configuration: key "kubeConfg" is unknown and ignored`},
		{"runtime that cannot be read", func(w *world) { w.write("/etc/containerd/config.toml", "version = ") },
			`warning runtime: the configuration of the container runtime cannot be read: /etc/containerd/config.toml: toml: `},
		{"several configurations, version 2", func(w *world) {
			w.write("/etc/containerd/config.toml", "version = 2\nimports = ['conf.d/*.toml']\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nmax_conf_num = 1\n")
			w.write("/etc/containerd/conf.d/a.toml", "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nmax_conf_num = 0\n")
		}, `fault runtime: /etc/containerd/config.toml: max_conf_num is 0: pods are attached by several configurations, past multus -> set max_conf_num = 1 there and restart containerd`},
		{"where the runtime does not look", func(w *world) {
			w.write("/etc/containerd/config.toml", "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nconf_dir = '/else/net.d'\nbin_dir = '/opt/cni/bin'\n")
		}, `fault runtime: multus's configuration is in /etc/cni/net.d, which containerd does not read -> install multus with --cni-conf-dir /else/net.d`},
		{"k3s", func(w *world) {
			w.remove("/etc/containerd")
			w.write("/var/lib/rancher/k3s/agent/etc/containerd/config.toml", "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dir = '/var/lib/rancher/k3s/data/cni'\nconf_dir = '/etc/cni/net.d'\n")
		}, `fault binary: multus: plugin binary not found in /var/lib/rancher/k3s/data/cni: no pod can start -> copy it there`},
		{"containerd told another file", func(w *world) {
			w.write("/proc/7/cmdline", "/usr/bin/containerd\x00--config\x00/else/c.toml\x00")
			w.write("/else/c.toml", "version = 1\n[plugins.cri.cni]\nmax_conf_num = 3\n")
		}, `fault runtime: /else/c.toml: max_conf_num is 3: `},
		{"multus inside multus", func(w *world) {
			w.write("/etc/cni/net.d/10-flannel.conflist", strings.Replace(ourConf, "cbr0", "x", 1))
		},
			"warning configuration: /etc/cni/net.d/10-flannel.conflist: another configuration of multus beside\nfault default-network: "},
		{"CRI-O told another network", func(w *world) { w.crio("cni_default_network = 'other'\n") },
			`fault configuration: /etc/crio/crio.conf: cni_default_network is "other": CRI-O takes that network, not multus's, "cbr0" -> remove cni_default_network`},
		{"no runtime to be seen", func(w *world) { w.remove("/etc/containerd"); w.remove("/run/ready") },
			"unknown runtime: no container runtime to be seen here; /etc/cni/net.d and /opt/cni/bin are taken for its directories\n" +
				"unknown readiness: /run/ready is not there: each pod waits 45s for it, and then does not start; from here"},
		{"another multus's binary", func(w *world) { w.plugin("multus", "firewall") },
			`fault binary: /opt/cni/bin/multus is another multus: github.com/containernetworking/plugins/plugins/meta/firewall`},
		{"binary not executable", func(w *world) { w.mode("/opt/cni/bin/multus", 0o644) },
			`fault binary: multus: plugin binary /opt/cni/bin/multus is not executable: no pod can start -> copy it there`},
		{"binary of something else", func(w *world) { w.write("/opt/cni/bin/multus", "#!/bin/sh\n"); w.mode("/opt/cni/bin/multus", 0o755) },
			`warning binary: /opt/cni/bin/multus is not built as multus is: `},
		{"binary of another version", func(w *world) { w.write("/proc/self/exe", w.read("/opt/cni/bin/multus")); w.plugin("multus", "multus") },
			`warning binary: /opt/cni/bin/multus is multus (devel), this is (devel) -> let the DaemonSet finish its update`},
		{"older multus beside", func(w *world) { w.plugin("multus-shim", "recorder"); w.write("/run/multus/multus.sock", "") },
			"warning older: /opt/cni/bin/multus-shim is left of an older multus -> remove it once\n" +
				"warning older: /run/multus/multus.sock: the daemon of an older multus runs, or has left it -> delete"},
		{"not ready", func(w *world) { w.remove("/run/ready") },
			`fault readiness: /run/ready is not there: each pod waits 45s for it, and then does not start -> is the default network's own DaemonSet running`},
		{"no default network", func(w *world) { w.remove("/etc/cni/net.d/10-flannel.conflist") },
			"fault default-network: clusterNetwork"},
		{"default network not ready", func(w *world) {
			w.write("/etc/cni/net.d/10-flannel.conflist", `{"cniVersion": "1.1.0", "name": "cbr0", "type": "bridge", "recorder": {"fail": {"STATUS": {"code": 50, "msg": "no lease yet"}}}}`)
		}, "fault default-network: cbr0 is not ready: bridge: no lease yet -> see the default"},
		{"another name", func(w *world) { w.write(confFile, strings.Replace(ourConf, "cbr0", "mine", 1)) },
			`warning default-network: multus's configuration is called mine, the default network cbr0: the runtime does not find again`},
		{"missing plugin", func(w *world) { w.remove("/opt/cni/bin/macvlan") },
			`fault plugins: macvlan: plugin binary not found in /opt/cni/bin; needed by default/a -> install it there anew`},
		{"missing plugin of a device", func(w *world) { w.define("b", `{"cniVersion": "1.0.0", "name": "b", "type": "sriov"}`, "x/vf") },
			`warning plugins: sriov: plugin binary not found in /opt/cni/bin; needed by default/b -> `},
		{"plugin not executable", func(w *world) { w.mode("/opt/cni/bin/macvlan", 0o644) },
			`fault plugins: macvlan: plugin binary /opt/cni/bin/macvlan is not executable; needed by default/a -> install it there anew, executable`},
		{"plugin of another architecture", func(w *world) { w.foreignPlugin("macvlan") },
			`fault plugins: /opt/cni/bin/macvlan is built for ` + other + `, and this node is ` + runtime.GOARCH + `; needed by default/a -> install it anew`},
		{"plugin that is cut off", func(w *world) {
			w.write("/opt/cni/bin/macvlan", w.read("/opt/cni/bin/macvlan")[:40])
			w.mode("/opt/cni/bin/macvlan", 0o755)
		},
			`fault plugins: /opt/cni/bin/macvlan does not answer: `},
		{"many plugins are missing", func(w *world) {
			for i := range 12 {
				w.define(fmt.Sprintf("m%02d", i), fmt.Sprintf(`{"cniVersion": "1.0.0", "name": "m", "type": "missing%02d"}`, i))
			}
		}, strings.Repeat("fault plugins: missing\n", 10) + "fault plugins: and 2 more like these"},
		{"plugin without its interpreter", func(w *world) {
			w.write("/opt/cni/bin/macvlan", "#!/bin/none\n")
			w.mode("/opt/cni/bin/macvlan", 0o755)
		},
			`fault plugins: /opt/cni/bin/macvlan needs an interpreter or libraries that are not there`},
		{"plugin too old for its network", func(w *world) {
			w.plugin("firewall", "firewall")
			w.define("f", `{"cniVersion": "0.3.1", "name": "f", "plugins": [{"type": "macvlan"}, {"type": "firewall"}]}`)
		}, `fault plugins: firewall speaks CNI 0.4.0, 1.0.0, 1.1.0, and not that of default/f (0.3.1) -> update the plugin`},
		{"addresses run out", func(w *world) { w.takes("a", "192.168.10.%d", 2, 13) },
			`warning addresses: network default/a: 1 of 13 addresses of 192.168.10.0/28 are free; 12 are taken by containers that are not on record -> widen the range`},
		{"no address left", func(w *world) {
			w.takes("a", "192.168.10.%d", 2, 14)
			w.record("c1", "")
			w.write("/var/lib/cni/networks/a/192.168.10.2", "c1\r\neth0")
		},
			`fault addresses: network default/a: 0 of 13 addresses of 192.168.10.0/28 are free; 12 are taken by containers that are not on record -> widen the range, or remove the files in /var/lib/cni/networks/a that`},
		{"expired token", func(w *world) { w.token(time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)) },
			`fault credential: API server not usable: kubeconfig ` + kubeconfig + `: the token from ` + tokenFile + ` expired at `},
		{"token that expires", func(w *world) { w.token(time.Now().Add(-24*time.Hour), time.Now().Add(30*time.Minute)) },
			`warning credential: token from ` + tokenFile + `: expires in 29m -> see what should keep it current`},
		{"token of tomorrow", func(w *world) { w.token(time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)) },
			`fault credential: token from ` + tokenFile + `: issued at `},
		{"no token", func(w *world) { w.remove(tokenFile); w.mode(kubeconfig, 0o644) },
			"warning modes: " + kubeconfig + " has mode 0644: others may read it -> chmod 0600, or doctor --fix\n" +
				"fault credential: API server not usable: kubeconfig " + kubeconfig + ": user: open " + tokenFile + ": no such file or directory"},
		{"no API server", func(w *world) { w.api.Close() },
			"fault api: API server not usable: https://127.0.0.1:\n" +
				"unknown permissions: not to be told while the API server does not answer; see api\n" +
				"unknown networks: not to be told while the API server does not answer; see api"},
		{"no API server, which has the default network", func(w *world) {
			w.write(confFile, strings.Replace(ourConf, "/etc/cni/net.d/10-flannel.conflist", "a", 1))
			w.api.Close()
		}, "unknown default-network: not to be told while the API server\nfault api: \nunknown permissions: \nunknown networks: "},
		{"slow API server", func(w *world) { w.api.SetLatency(1100 * time.Millisecond) },
			`warning api: version v1.34.0, answers only after 1.`},
		{"no permission", func(w *world) { w.api.Permit("get pods", false); w.api.Permit("create events", false) },
			"fault permissions: may not get pods: pods that ask for networks do not start -> give multus's ClusterRole that\n" +
				"warning permissions: may not create events: pods have no AddedInterfaces events -> "},
		{"too many permissions", func(w *world) { w.api.Permit("get secrets", true) },
			`warning permissions: may get secrets, and so may whoever reads this node's kubeconfig -> bind multus to the ClusterRole`},
		{"cluster-admin", func(w *world) { w.api.Permit("* *.*", true); w.api.Permit("get secrets", true) },
			`warning permissions: may do everything in the cluster, and so may`},
		{"questions refused", func(w *world) {
			w.api.Fail(cnitest.Fault{Path: "/apis/authorization.k8s.io/*", Kind: cnitest.FaultStatus, Status: 403})
			w.api.Fail(cnitest.Fault{Path: "/apis/k8s.cni.cncf.io/v1", Kind: cnitest.FaultStatus, Status: 403})
		}, "unknown permissions: not to be told: API server not usable: \nunknown networks: not to be told: API server not usable: "},
		{"token of another cluster", func(w *world) { w.api.SetToken("another") },
			"fault api: API server not usable: \nunknown permissions: not to be told while\nunknown networks: not to be told while"},
		{"no CRD", func(w *world) { w.api.Withdraw("k8s.cni.cncf.io") },
			`fault networks: the API server knows no network-attachment-definitions of k8s.cni.cncf.io/v1 -> install the CustomResourceDefinition`},
		{"networks not to be listed", func(w *world) { w.api.Permit("list network-attachment-definitions.k8s.cni.cncf.io", false) },
			`unknown networks: they cannot be listed, and so their plugins and addresses were not looked at: `},
		{"wrong network", func(w *world) { w.define("w", `{"type": `) },
			`warning networks: network default/w: `},
		{"modes", func(w *world) { w.mode(kubeconfig, 0o644); w.mode("/opt/cni/bin", 0o777) },
			"warning modes: /opt/cni/bin has mode 0777: others may write to it -> chmod 0755, or doctor --fix\n" +
				"warning modes: " + kubeconfig + " has mode 0644: others may read it -> chmod 0600, or doctor --fix"},
		{"SELinux", func(w *world) {
			w.labelled(map[string]string{"/opt/cni/bin": "bin_t", "/opt/cni/bin/bridge": "bin_t", "/opt/cni/bin/multus": "tmp_t", confFile: "etc_t", "/etc/cni/net.d": "etc_t"})
		}, `warning selinux: /opt/cni/bin/multus is labelled tmp_t, and what is beside it is not: it may not be run or read -> restorecon /opt/cni/bin/multus`},
		{"state directory is none", func(w *world) { w.write("/var/lib/cni/multus", "") },
			"fault state: /var/lib/cni/multus cannot be written to (not a directory): no pod can start -> make it a directory"},
		{"read-only state", func(w *world) { w.mounted("/var/lib/cni/multus", unix.MS_RDONLY) },
			"fault state: /var/lib/cni/multus cannot be written to (read-only file system): no pod can start -> "},
		{"full disk", func(w *world) {
			w.mounted("/var/lib/cni/multus", 0)
			_ = os.WriteFile(w.path("/var/lib/cni/multus/fill"), make([]byte, 1<<20), 0o600) // as much as there is room for
		}, "fault state: the file system of /var/lib/cni/multus is full: no pod can start -> free some space"},
		{"stale records", func(w *world) {
			w.write("/run/netns/other", "")
			w.record("c1", "/run/netns/gone")
			w.record("c2", "/run/netns/other")
		}, "warning records: 1 of 2 sandboxes stale: gone, and not detached -> `multus gc`, or doctor --fix"},
		{"unreadable records", func(w *world) {
			w.record("c2", "")
			w.write("/var/lib/cni/multus/sandboxes/c1@eth0.json", "{")
			w.write("/var/lib/cni/multus/unreadable/c0", "{")
			w.mode("/var/lib/cni/multus/unreadable", 0o700)
		}, "fault records: unreadable record /var/lib/cni/multus/sandboxes/c1@eth0.json: \n" +
			"warning records: 1 record unreadable, set aside in /var/lib/cni/multus/unreadable -> see what they say"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.do(w)
			matches(t, tt.want, bad(w.look()))
		})
	}
}

// matches compares each line with its beginning.
func matches(t *testing.T, want, got string) {
	t.Helper()
	gotLines, wantLines := strings.Split(strings.TrimSpace(got), "\n"), strings.Split(want, "\n")
	for i, line := range wantLines {
		if i < len(gotLines) && strings.HasPrefix(gotLines[i], line) {
			wantLines[i] = gotLines[i]
		}
	}
	if diff := cmp.Diff(wantLines, gotLines); diff != "" {
		t.Error(diff)
	}
}

// What does not come back hides nothing else.
func TestHangingPlugin(t *testing.T) {
	w := newWorld(t)
	w.node["Limit"] = 2 * time.Second
	cnitest.Must(t, unix.Mkfifo(w.path("/opt/cni/bin/x"), 0o600))
	w.write("/etc/cni/net.d/10-flannel.conflist", `{"cniVersion": "1.1.0", "name": "cbr0", "plugins": [{"type": "bridge", "recorder": {"sleep": {"STATUS": "1m"}}}]}`)
	start := time.Now()
	got := bad(w.look())
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	matches(t, "fault default-network: cbr0 is not ready: bridge: ", got)
}

package doctor_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/doctor"
)

// What a moment takes, and what a build is called, differs.
var changing = regexp.MustCompile(`within [0-9.]+m?s|for [0-9]+h|multus [0-9a-f(][^ ]*$`)

func TestAllIsWell(t *testing.T) {
	w := newWorld(t)
	found := w.look()
	for i := range found {
		found[i].What = changing.ReplaceAllString(found[i].What, "X")
	}
	want := strings.TrimPrefix(`
ok configuration: 00-multus.conflist is valid, and first in /etc/cni/net.d
ok runtime: containerd (/etc/containerd/config.toml) reads /etc/cni/net.d and runs plugins of /opt/cni/bin
ok older: nothing is left of an older multus
ok state: /var/lib/cni/multus is not there yet; the first pod makes it
ok records: none
ok binary: /opt/cni/bin/multus is X
ok selinux: not enforcing
ok modes: nobody but root may change what runs, or read the credential
ok readiness: /run/ready is there
ok default-network: cbr0 is ready
ok plugins: 3 plugins, there and of the versions of their networks: bridge, host-local, macvlan
ok addresses: 2 ranges of host-local, none short of addresses
ok credential: token from /etc/cni/net.d/multus.d/token: good X
ok api: version v1.34.0, answers X
ok clock: the same as the API server's
ok permissions: the 4 that it needs, and none of those that it must not have
ok networks: k8s.cni.cncf.io/v1 is served; 1 network, all sound
`, "\n")
	if diff := cmp.Diff(want, lines(found)); diff != "" {
		t.Error(diff)
	}
	doc, err := os.ReadFile("../../docs/doctor.md")
	cnitest.Must(t, err)
	for _, f := range found {
		if !strings.Contains(string(doc), "## "+f.Check+"\n") {
			t.Errorf("docs/doctor.md has no paragraph %q", f.Check)
		}
	}
}

// bad are the findings that somebody has to do something about.
func bad(found []doctor.Finding) string {
	return lines(found, doctor.Fault, doctor.Warning, doctor.Unknown)
}

// Nobody has to do anything about what is unusual and right, or what was mended.
func TestNothingToDo(t *testing.T) {
	tests := []struct {
		name string
		do   func(w *world)
		want string
	}{
		{"a configuration given by hand", func(w *world) {
			w.write("/root/other.conflist", ourConf)
			w.remove(confFile)
			w.node["Conf"] = "/root/other.conflist"
		}, "/root/other.conflist is valid; it is not in /etc/cni/net.d, which the runtime reads"},
		{"what an older multus recorded", func(w *world) {
			w.write("/var/lib/cni/multus/c7", `[{"cniVersion": "1.0.0", "name": "old", "type": "macvlan"}]`)
			w.mode("/var/lib/cni/multus", 0o700)
		}, "ok older: 1 record of an older multus, understood"},
		{"modes that are mended", func(w *world) { w.mode(kubeconfig, 0o644); w.node["Fix"] = true },
			"ok modes: mended: " + kubeconfig + " has mode 0600 now"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.do(w)
			found := w.look()
			if got := bad(found); got != "" || !strings.Contains(lines(found), tt.want) {
				t.Errorf("%s of\n%s", got, lines(found))
			}
			if info, err := os.Stat(w.path(kubeconfig)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

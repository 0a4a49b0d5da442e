package doctor_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range named(found) {
		if !strings.Contains(string(doc), "## "+name+"\n") {
			t.Errorf("docs/doctor.md has no paragraph %q", name)
		}
	}
}

// bad are the findings that somebody has to do something about.
func bad(found []doctor.Finding) string {
	return lines(found, doctor.Fault, doctor.Warning, doctor.Unknown)
}

// TestConfigurationGivenByHand: what the runtime does not read is not first there.
func TestConfigurationGivenByHand(t *testing.T) {
	w := newWorld(t)
	w.write("/root/other.conflist", ourConf)
	if err := os.Remove(w.path(confFile)); err != nil {
		t.Fatal(err)
	}
	w.node["Conf"] = "/root/other.conflist"
	if found := lines(w.look()); !strings.Contains(found, "/root/other.conflist is valid; it is not in /etc/cni/net.d, which the runtime reads") {
		t.Error(found)
	}
}

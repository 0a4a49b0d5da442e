package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machine is one for try to be run on: a network namespace, and folders of its
// own where try and the plugins write.
type machine struct {
	multus  string // the program
	plugins string
	files   string // the folder of the files to try
}

// newNode builds the program and the reference plugins.
func newNode(t *testing.T) machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("makes network namespaces and interfaces: needs root")
	}
	dir := t.TempDir()
	n := machine{multus: filepath.Join(dir, "bin", "multus"), plugins: filepath.Join(dir, "bin", "plugins"), files: filepath.Join(dir, "files")}
	const reference = "github.com/containernetworking/plugins/plugins/"
	build := []string{
		reference + "main/bridge", reference + "main/ptp", reference + "main/macvlan", reference + "main/host-device",
		reference + "ipam/host-local", reference + "ipam/static",
	}
	goBuild(t, n.multus, ".")
	goBuild(t, n.plugins+"/", build...)
	return n
}

// run runs a shell script on the node and returns its output and exit code.
// $TRY is the program; $QUICK is the quickstart's folder, $FILES the node's.
func (n machine) run(t *testing.T, script string) (string, int) {
	t.Helper()
	quick, err := filepath.Abs("../../examples/quickstart")
	if err != nil {
		t.Fatal(err)
	}
	const prelude = "set -u; mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib && ip link set lo up || exit 99\n" +
		"echo 0 >/proc/sys/net/ipv4/ip_forward\n"
	ctx := t.Context()
	cmd := exec.CommandContext(ctx, "sh", "-c", prelude+script)
	cmd.Env = append(os.Environ(), "TRY="+n.multus+" try", "QUICK="+quick, "FILES="+n.files, "PLUGINS="+n.plugins)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// clean is appended to scripts: it shows what is on the node that was not there
// before anything was tried, and nothing if all is as it should be.
const clean = `
code=$?
echo "--- the node thereafter"
ip -o link | grep -v ': lo:'
ip netns list
find /run/multus-try /var/lib/cni -type f 2>/dev/null
nft list ruleset 2>/dev/null | grep multus-try
iptables-save 2>/dev/null | grep multus-try
grep -v 0 /proc/sys/net/ipv4/ip_forward
exit $code
`

func TestTryOnThisMachine(t *testing.T) {
	n := newNode(t)
	tests := map[string]struct {
		script string
		code   int
		want   []string
	}{
		"quickstart": {
			script: `$TRY -f $QUICK -- $QUICK/ping-second`,
			want: []string{
				"default via 10.210.0.1", "mac       02:00:0a:d5:00:0b\n    address   10.213.0.11/24", "eth0: kube-system/cluster", "macvlan", "10.211.0.0/24 via 10.211.0.1",
				" 0% packet loss", "checked:  default/first, default/second", "detached: default/second, default/first", "nothing left",
			},
		},
		"the command's exit code": {
			script: `$TRY -f $QUICK -- sh -c 'exit 7'`, code: 7,
			want: []string{"the command ended with exit code 7", "nothing left"},
		},
		"no such command": {
			script: `$TRY -f $QUICK -- no-such-command`, code: 127,
			want: []string{"command no-such-command: ", "nothing left"},
		},
		"SIGTERM during the command": {
			script: `$TRY -f $QUICK -- sh -c 'kill -TERM $PPID; sleep 60'`, code: 128 + 15,
			want: []string{"exit code 143", "checked:", "nothing left"},
		},
		"output into a closed pipe": {
			script: `mkfifo /run/p; (head -n 1 </run/p >/dev/null) & $TRY -f $QUICK >/run/p`, code: 0,
		},
		"keep and remove": {
			script: `$TRY --keep -f $QUICK >/run/out || exit 98
				ns=$(ip netns list | grep -o 'multus-try-first[^ ]*')
				ip netns exec $ns ip -br address show north
				$TRY --remove $(sed -n 's/.*multus try --remove //p' /run/out)`,
			want: []string{"10.213.0.11/24", "detached: default/second, default/first", "nothing left"},
		},
		"killed, then removed": {
			script: `$TRY -f $QUICK -- sh -c 'kill -KILL $PPID' 2>/dev/null; $TRY --remove all`,
			want:   []string{"detached: default/second, default/first", "nothing left"},
		},
		"nothing to remove": {script: `$TRY --remove 0123`, code: 1, want: []string{"--remove 0123: nothing is kept"}},
		"a process stays": {
			script: `$TRY -f $QUICK -- sh -c 'sleep 300 >/dev/null 2>&1 & '`, code: 0,
			want: []string{"(sleep) ended: it was left running in pod default/first", "nothing left"},
		},
		"a bridge that was there": {
			script: `ip link add mq-switch type bridge && ip link set mq-switch up
				$TRY -f $QUICK; code=$?; ip -br -4 address show dev mq-switch; ip link del mq-switch || code=97; (exit $code)`,
			want: []string{"address 10.213.0.1/24 taken off mq-switch", "bridge mq-cluster removed", "nothing left"},
		},
		"nftables": {
			script: `cp -r $QUICK /run/quick && sed -i 's/"ipMasq": true,/& "ipMasqBackend": "nftables",/' /run/quick/networks.yaml
				$TRY -f /run/quick -- sh -c 'nsenter --net=/proc/$PPID/ns/net nft list ruleset' && ! nft list ruleset | grep masquerade`,
			want: []string{"id: multus-try-second-", "firewall table inet cni_plugins_masquerade removed", "nothing left"},
		},
		"shared nftables": {
			script: `nft add table inet cni_plugins_masquerade
				cp -r $QUICK /run/quick && sed -i 's/"ipMasq": true,/& "ipMasqBackend": "nftables",/' /run/quick/networks.yaml
				$TRY -f /run/quick && nft delete table inet cni_plugins_masquerade`,
			want: []string{"nothing left"},
		},
		"state folder": {
			script: `$TRY --state /run/state -f $QUICK -- ls /run/state/sandboxes && ! ls /run/state`,
			want:   []string{"multus-try-second-", "nothing left"},
		},
		"from standard input": {
			script: `(cat $QUICK/networks.yaml; echo ---; cat $QUICK/multus.json) | $TRY -f - -f $QUICK/pods.yaml`,
			want:   []string{"detached: default/second, default/first", "nothing left"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out, code := n.run(t, tt.script+clean)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, part := range tt.want {
				if !strings.Contains(out, part) {
					t.Errorf("%q is not in the output", part)
				}
			}
			if left := out[strings.Index(out, "--- the node"):]; strings.Count(left, "\n") != 1 {
				t.Errorf("the node is not as it was")
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
	t.Run("files of examples and pages", func(t *testing.T) { testFiles(t, n) })
	t.Run("faulty files", func(t *testing.T) { testFaultyFiles(t, n) })
	t.Run("stand-ins", func(t *testing.T) { testStandIns(t, n) })
	t.Run("odder stand-ins", func(t *testing.T) { testOdderStandIns(t, n) })
	t.Run("link of the host", func(t *testing.T) { testHostLink(t, n) })
	t.Run("leaks", func(t *testing.T) { testLeaks(t, n) })
	t.Run("wrong input", func(t *testing.T) { testWrongInput(t, n) })
}

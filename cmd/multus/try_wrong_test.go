package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// onlyOf are the files of a pod whose default network is a definition made of
// the given plugin configuration.
func onlyOf(pod, config string) string {
	return `
apiVersion: v1
kind: Pod
metadata:
  name: lone
  annotations:
    k8s.v1.cni.cncf.io/networks: '` + pod + `'
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: net-a}
spec:
  config: |
    ` + strings.ReplaceAll(config, "\n", "\n    ") + "\n"
}

// place writes the one file to try.
func (n machine) place(t *testing.T, text string) {
	t.Helper()
	if err := os.RemoveAll(n.files); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(n.files, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(n.files, "pod.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const bridge = `{"cniVersion": "1.0.0", "type": "bridge", "bridge": "br-a", "ipam": {}}`

// testWrongInput holds the messages to their word: each alone tells what to do.
func testWrongInput(t *testing.T, n machine) {
	tests := map[string]struct {
		file string
		want []string
	}{
		"typing error": {onlyOf("net-b", bridge), []string{"pod default/lone", "default/net-b", "did you mean default/net-a?"}},
		"trailing comma": {onlyOf("net-a", "{\n  \"type\": \"bridge\",\n}"),
			[]string{"pod.yaml:", "NetworkAttachmentDefinition default/net-a", "pod.yaml:15:23: ", "spec.config", "trailing comma"}},
		"comment": {onlyOf("net-a", "{\n  # a bridge\n  \"type\": \"bridge\"\n}"),
			[]string{"NetworkAttachmentDefinition default/net-a", "pod.yaml:15:7: ", "comments are not allowed"}},
		"no such plugin":       {onlyOf("net-a", strings.ReplaceAll(bridge, "bridge", "brigde")), []string{"default/net-a", "brigde", n.plugins}},
		"MAC of five bytes":    {onlyOf(`[{"name": "net-a", "mac": "02:00:00:00:01"}]`, bridge), []string{"default/lone", "mac", "02:00:00:00:01"}},
		"name of 16 letters":   {onlyOf(`net-a@abcdefghijklmnop`, bridge), []string{"default/lone", "abcdefghijklmnop", "15"}},
		"request not on offer": {onlyOf(`[{"name": "net-a", "bandwidth": {"ingressRate": 1000}}]`, bridge), []string{"default/net-a", "bandwidth", "capabilit"}},
		"no pod":               {"apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", []string{"no pods in the files"}},
		"a plugin's refusal": {onlyOf("net-a", `{"cniVersion": "1.0.0", "type": "macvlan", "master": "nolink0", "ipam": {}}`),
			[]string{"pod default/lone", "default/net-a", "macvlan"}},
		"broken configuration": {onlyOf("net-a", bridge) + "---\n{type: multus, name: m, cniVersion: 1.0.0, kubeconfig: /x, defaultNetworks: net-a}\n",
			[]string{"multus configuration", "defaultNetworks"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n.place(t, tt.file)
			out, code := n.run(t, "$TRY --stand-ins=false -f $FILES"+clean)
			if code != exitFailed {
				t.Errorf("exit code %d", code)
			}
			for _, part := range tt.want {
				if !strings.Contains(out, part) {
					t.Errorf("%q is not in the output", part)
				}
			}
			if left := out[strings.Index(out, "--- the node"):]; strings.Count(left, "\n") != 1 {
				t.Error("the node is not as it was")
			}
			if t.Failed() || testing.Verbose() {
				t.Log(out)
			}
		})
	}
}

// testStandIns tries what this machine lacks: each is replaced, told, and gone again.
func testStandIns(t *testing.T, n machine) {
	n.place(t, onlyOf(`[{"name": "net-a"}, {"name": "net-aa", "ips": ["10.99.1.7/24"]}, {"name": "fast"}]`,
		`{"cniVersion": "1.0.0", "type": "macvlan", "master": "nolink0", "ipam": {"type": "elsewhere"}}`)+`---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: fast, annotations: {k8s.v1.cni.cncf.io/resourceName: vendor.com/vf}}
spec: {config: '{"cniVersion": "1.0.0", "plugins": [{"type": "sriov"}, {"type": "rdma"}]}'}
`)
	out, code := n.run(t, "$TRY -f $FILES -- ip -o address"+clean)
	for _, want := range []string{
		"a default network is assumed", "network kube-system/default-network: it is not among the files: a bridge stands for it",
		"network default/net-a: the link nolink0 is not on this machine: a veth stands for it",
		"network default/net-a: the plugin elsewhere is not on this machine: host-local stands for it",
		"did you mean default/net-a?", "network default/fast: the plugin sriov is not on this machine: a bridge stands for it",
		"the plugin rdma is not on this machine: it is left out", `"placeholder-1" stands for it`,
		"inet 10.213.", "net1    inet 10.99.1.7/24", "macvlan", "checked:  default/lone", "nothing left",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in the output", want)
		}
	}
	if code != exitOK || !strings.HasSuffix(out, "--- the node thereafter\n") || t.Failed() {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// testOdderStandIns tries what a machine lacks more rarely: a default route, and the
// plugins that stand for others.
func testOdderStandIns(t *testing.T, n machine) {
	n.place(t, onlyOf(`[{"name": "elsewhere", "default-route": ["10.98.0.1"]}, {"name": "net-a"}, {"name": "net-b"}]`,
		`{"cniVersion": "1.0.0", "type": "macvlan", "ipam": {}}`)+`---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: net-b}
spec: {config: '{"cniVersion": "1.0.0", "type": "nowhere", "ipam": {"type": "host-local", "subnet": "10.97.0.0/24"}}'}
`)
	out, code := n.run(t, "$TRY -f $FILES"+clean)
	for _, want := range []string{
		"network default/net-a: no link is named, and this machine has no default route, whose link it would be: a veth stands for it",
		"route     default via 10.98.0.1", "10.97.0.2/24", "nothing left",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in the output", want)
		}
	}
	if code != exitOK || !strings.HasSuffix(out, "--- the node thereafter\n") || t.Failed() {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	const allowing = "\nprintf -- '---\\n{type: multus, name: m, kubeconfig: /x, clusterNetwork: elsewhere, allowedPlugins: [macvlan, host-local, %s]}\\n' >$FILES/multus.yaml\n$TRY -f $FILES"
	out, code = n.run(t, strings.Replace(allowing, "%s", "nowhere", 1)+clean)
	if code != exitOK || !strings.Contains(out, "the plugin nowhere is not on this machine: a bridge stands for it") || !strings.Contains(out, "nothing left") {
		t.Errorf("what is allowed: exit code %d:\n%s", code, out)
	}
	out, code = n.run(t, strings.Replace(allowing, "%s", "bridge", 1)+clean)
	if code != exitFailed || !strings.Contains(out, `network default/net-b: plugin "nowhere" is not among allowedPlugins (macvlan, host-local, bridge); `) {
		t.Errorf("what is not allowed: exit code %d:\n%s", code, out)
	}
	if err := os.Remove(filepath.Join(n.files, "multus.yaml")); err != nil {
		t.Fatal(err)
	}
	out, code = n.run(t, "mv $PLUGINS $PLUGINS.away; $TRY -f $FILES; code=$?; mv $PLUGINS.away $PLUGINS; (exit $code)"+clean)
	if code != exitFailed || !strings.Contains(out, "what stands for other networks takes the plugins bridge and host-local: ") {
		t.Errorf("without plugins: exit code %d:\n%s", code, out)
	}
}

// leaky is a plugin that leaves something behind.
const leaky = `#!/bin/sh
case $CNI_COMMAND in
ADD) %ADD%
	echo '{"cniVersion": "1.0.0"}' ;;
DEL) %DEL% ;;
VERSION) echo '{"cniVersion": "1.0.0", "supportedVersions": ["1.0.0"]}' ;;
esac
`

// testLeaks shows that the proof can fail.
func testLeaks(t *testing.T, n machine) {
	bin := t.TempDir()
	tests := map[string]struct{ add, del, want string }{
		"link":        {"ip link add leak0 type veth peer name leak1 2>&2", ":", "  veth leak0\n"},
		"used bridge": {"ip link add leakb type bridge && ip link add leak2 type veth peer name leak3 && ip link set leak2 master leakb", ":", "bridge leakb, which has 1 ports"},
		"rule":        {"nft add table ip leak && nft add chain ip leak c && nft add rule ip leak c counter comment '\"id '$CNI_CONTAINERID'\"'", ":", "firewall rule counter"},
		"attachment":  {":", `echo '{"cniVersion": "1.0.0", "code": 100, "msg": "will not"}'; exit 1`, "the attachments of pod default/lone: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			script := strings.NewReplacer("%ADD%", tt.add, "%DEL%", tt.del).Replace(leaky)
			if err := os.WriteFile(filepath.Join(bin, "leaky"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			n.place(t, onlyOf("net-a", `{"cniVersion": "1.0.0", "type": "leaky"}`))
			out, code := n.run(t, "$TRY --bin "+bin+" -f $FILES")
			if code != exitFailed || !strings.Contains(out, tt.want) || !strings.Contains(out, "multus try --remove ") {
				t.Errorf("exit code %d, want %q in:\n%s", code, tt.want, out)
			}
		})
	}
}

// testHostLink lends the pod a link of the host, which comes back under another
// index.
func testHostLink(t *testing.T, n machine) {
	addressed := strings.Replace(bridge, "{}", `{"type": "host-local", "ranges": [[{"subnet": "10.214.0.0/24"}]]}`, 1)
	n.place(t, onlyOf("net-a,lent", addressed)+`---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: lent}
spec: {config: '{"cniVersion": "1.0.0", "type": "host-device", "device": "lent0"}'}
`)
	out, code := n.run(t, `ip link add lent0 type veth peer name lent1
		$TRY -f $FILES -- ip link show net0 && ip link show lent0 && ip link del lent0`+clean)
	if code != exitOK || !strings.Contains(out, "nothing left") || !strings.HasSuffix(out, "--- the node thereafter\n") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	n.place(t, onlyOf("net-a", `{"cniVersion": "1.0.0", "type": "leaky"}`))
	script := strings.NewReplacer("%ADD%", "ip link set lent0 netns ${CNI_NETNS##*/}", "%DEL%", ":").Replace(leaky)
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "leaky"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	out, code = n.run(t, "ip link add lent0 type veth peer name lent1; $TRY --bin "+bin+" -f $FILES")
	if code != exitFailed || !strings.Contains(out, "veth lent0 of the host is gone") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

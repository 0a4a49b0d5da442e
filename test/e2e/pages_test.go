package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// pages are the objects that README, docs and examples show, by where they do.
func pages(t *testing.T) map[string][]doc {
	t.Helper()
	var paths []string
	for _, pattern := range []string{"README.md", "docs/*.md", "examples/*/*.yaml", "examples/devices/*/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %q, %v", pattern, found, err)
		}
		paths = append(paths, found...)
	}
	all := map[string][]doc{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, texts := strings.TrimPrefix(path, root+"/"), []string{string(data)}
		if strings.HasSuffix(path, ".md") {
			texts = fenced(string(data))
		}
		for i, text := range texts {
			if objects := objects(t, name, text); len(objects) > 0 {
				all[fmt.Sprintf("%s %d", name, i+1)] = objects
			}
		}
	}
	return all
}

// fenced are the blocks of a page that are YAML.
func fenced(page string) []string {
	var texts []string
	for i, block := range strings.Split(page, "```") {
		if text, is := strings.CutPrefix(block, "yaml\n"); is && i%2 == 1 {
			texts = append(texts, text)
		}
	}
	return texts
}

// objects are the objects of a text; parts of objects are none.
func objects(t *testing.T, name, text string) []doc {
	t.Helper()
	var list []doc
	for part := range strings.SplitSeq(text, "\n---\n") {
		if !strings.Contains("\n"+part, "\nkind: ") {
			continue
		}
		var object doc
		if err := yaml.Unmarshal([]byte(part), &object); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		list = append(list, object)
	}
	return list
}

func metadata(object doc) doc { return object["metadata"].(doc) }

// TestPages: the API server takes every object that a page shows, to the last
// field; pods have the networks whose plugins are on the node.
func TestPages(t *testing.T) {
	n := installed(t)
	n.kubectl("apply", "-f", "deployments/components/legacy/networks.kubernetes.com.yaml")
	n.run("sh", "-c", "ip link add eth1 mtu 9000 type veth peer name far1 mtu 9000 && ip link set eth1 up && ip link set far1 up")
	t.Cleanup(func() { n.run("ip", "link", "delete", "eth1") })
	ran := 0
	for name, list := range pages(t) {
		t.Run(name, func(t *testing.T) {
			n := n.of(t)
			n.taken(list)
			ran += n.tried(list)
		})
	}
	if ran < 4 {
		t.Errorf("only %d networks could be run", ran)
	}
}

// taken has the API server judge objects, and make none.
func (n node) taken(list []doc) {
	n.t.Helper()
	known := map[string]bool{"default": true}
	for _, object := range list {
		if namespace, is := metadata(object)["namespace"].(string); is && !known[namespace] {
			known[namespace] = true
			_, _ = n.try("", "kubectl", "create", "namespace", namespace)
			_, _ = n.try("", "kubectl", "create", "serviceaccount", "default", "-n", namespace)
		}
	}
	data, err := json.Marshal(doc{"apiVersion": "v1", "kind": "List", "items": list})
	n.must(err)
	if out, err := n.try(string(data), "kubectl", "apply", "--dry-run=server", "--validate=strict", "-f", "-"); err != nil || strings.Count(out, "(server dry run)") != len(list) {
		n.t.Errorf("%v: %s\n%s", err, out, data)
	}
}

// tried gives a pod each network whose plugins are there, and returns how many these are.
func (n node) tried(list []doc) int {
	n.t.Helper()
	var pods []doc
	for _, object := range list {
		if object["kind"] != "NetworkAttachmentDefinition" {
			continue
		}
		text, _ := object["spec"].(doc)["config"].(string)
		if !n.has(text) {
			continue
		}
		name := metadata(object)["name"].(string)
		n.apply(definition(name, text))
		n.t.Cleanup(func() { n.kubectl("delete", "network-attachment-definition", name) })
		selection := doc{"name": name}
		if strings.Contains(text, `"ips": true`) {
			selection["ips"] = []string{"192.168.10.7/24"}
		}
		data, err := json.Marshal([]doc{selection})
		n.must(err)
		pods = append(pods, pod("with-"+name, string(data)))
	}
	if len(pods) == 0 {
		return 0
	}
	n.t.Cleanup(n.end)
	n.start(pods...)
	for _, p := range pods {
		name := metadata(p)["name"].(string)
		if got := n.statuses(name); len(got) != 2 || n.real(name)[got[1].Interface].MAC != got[1].MAC {
			n.t.Errorf("%s: network-status %+v, the pod has %+v", name, got, n.real(name))
		}
	}
	return len(pods)
}

// has tells whether the plugins of a configuration are on the node, and its link.
func (n node) has(config string) bool {
	type plugin struct {
		Type   string
		Master string
		IPAM   struct{ Type string }
	}
	var list struct {
		plugin
		Plugins []plugin
	}
	if json.Unmarshal([]byte(config), &list) != nil {
		return false
	}
	var needed []string
	for _, p := range append(list.Plugins, list.plugin) {
		for _, file := range []string{p.Type, p.IPAM.Type} {
			if slices.Contains([]string{"whereabouts", "dhcp", "flannel", "ovs"}, file) {
				return false // these need more than their file, which other tests may have left
			}
			needed = append(needed, "/opt/cni/bin/"+file)
		}
		needed = append(needed, "/sys/class/net/"+p.Master)
	}
	_, err := n.try("", append([]string{"ls", "-d"}, needed...)...)
	return err == nil
}

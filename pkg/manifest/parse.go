package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/multus-cni/multus/pkg/fault"
)

// Bounds of one document, with what its aliases repeat.
const (
	maxNodes = 1 << 20
	maxDepth = 1000
)

// parse reads the document's text into its nodes, or notes why it cannot.
func (d *document) parse() {
	var root yaml.Node
	err := yaml.Unmarshal(d.text, &root)
	if err != nil && json.Valid(d.text) {
		// Escapes that YAML does not have: written anew there are none, but other lines.
		var plain any
		_ = json.Unmarshal(d.text, &plain)
		anew, _ := json.Marshal(plain)
		d.lost, err = true, yaml.Unmarshal(anew, &root)
	}
	if err != nil {
		// Once more, so that the line in the message is the file's.
		err = yaml.Unmarshal(append(bytes.Repeat([]byte("\n"), d.offset), d.text...), &root)
		line, _ := d.begin()
		d.value(&yaml.Node{Line: line, Column: 1}).fault(err.Error(), "")
		return
	}
	p := parser{document: d}
	d.root = d.value(p.plain(&root))
	if len(root.Content) > 0 {
		d.root.node = root.Content[0]
	}
	if len(d.faults) == 0 {
		_, err := d.root.json()
		d.root.refuse(err)
	}
}

// parser turns nodes of YAML into nodes that say the same without aliases, merges
// and keys that are no strings, as Kubernetes reads them.
type parser struct {
	*document
	nodes, depth int
}

// plain is a node without YAML's own ways. It is changed in place, what aliases
// repeat as often.
func (p *parser) plain(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	p.nodes++
	p.depth++
	defer func() { p.depth-- }()
	if p.nodes > maxNodes || p.depth > maxDepth {
		if len(p.faults) == 0 {
			p.value(n).fault(fmt.Sprintf("more than %d values, with what aliases repeat, or nested deeper than %d", maxNodes, maxDepth), "")
		}
		return n
	}
	switch n.Kind {
	case yaml.ScalarNode:
		scalar(n)
	case yaml.MappingNode:
		p.mapping(n)
	default:
		for i, item := range n.Content {
			n.Content[i] = p.plain(item)
		}
	}
	return n
}

// scalar gives a value the type that Kubernetes gives it, which reads YAML 1.1 and
// knows no dates.
func scalar(n *yaml.Node) {
	n.Tag = n.ShortTag()
	if n.Style == 0 && n.Tag == "!!str" && slices.Contains(strings.Fields("y Y yes Yes YES on On ON"), n.Value) {
		n.Tag, n.Value = "!!bool", "true"
	}
	if n.Style == 0 && n.Tag == "!!str" && slices.Contains(strings.Fields("n N no No NO off Off OFF"), n.Value) {
		n.Tag, n.Value = "!!bool", "false"
	}
	if !slices.Contains([]string{"!!null", "!!bool", "!!int", "!!float"}, n.Tag) {
		n.Tag = "!!str"
	}
}

// mapping takes what is merged into an object for its own members.
func (p *parser) mapping(n *yaml.Node) {
	seen := make(map[string]bool)
	var members, merged []*yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		key, member := n.Content[i], p.plain(n.Content[i+1])
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.Tag == "!!merge" && member.Kind == yaml.SequenceNode:
			for _, source := range member.Content {
				merged = append(merged, source.Content...)
			}
		case key.Tag == "!!merge":
			merged = append(merged, member.Content...)
		case key.Kind != yaml.ScalarNode:
			p.value(key).fault("a key that is no string", "")
		case seen[key.Value]:
			p.value(key).fault("key "+fault.Quote(key.Value)+" is there twice", "")
		default:
			seen[key.Value] = true
			name := *key
			name.Tag = "!!str"
			members = append(members, &name, member)
		}
	}
	for i := 0; i+1 < len(merged); i += 2 {
		if key := merged[i].Value; !seen[key] {
			seen[key] = true
			members = append(members, merged[i], merged[i+1])
		}
	}
	n.Content = members
}

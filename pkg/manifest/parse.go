package manifest

import (
	"bytes"
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
	if err := yaml.Unmarshal(d.text, &root); err != nil {
		// Once more, so that the line in the message is the file's.
		err = yaml.Unmarshal(append(bytes.Repeat([]byte("\n"), d.offset), d.text...), &root)
		line, _ := d.begin()
		d.fault(&yaml.Node{Line: line, Column: 1}, err.Error())
		return
	}
	p := parser{document: d}
	d.root = p.plain(&root)
	if len(root.Content) > 0 {
		d.root = d.root.Content[0]
	}
}

// parser turns nodes of YAML into nodes that say the same without aliases, merges
// and keys that are no strings, as Kubernetes reads them.
type parser struct {
	*document
	nodes, depth int
}

// plain is a node without YAML's own ways. What it shares with the original stays
// unchanged.
func (p *parser) plain(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	p.nodes++
	p.depth++
	defer func() { p.depth-- }()
	if p.nodes > maxNodes || p.depth > maxDepth {
		if len(p.faults) == 0 {
			p.fault(n, fmt.Sprintf("more than %d values, with what aliases repeat, or nested deeper than %d", maxNodes, maxDepth))
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	}
	made := *n // of no kind for a document with nothing in it
	made.Anchor, made.Content = "", nil
	switch n.Kind {
	case yaml.ScalarNode:
		scalar(&made)
	case yaml.MappingNode:
		p.mapping(&made, n)
	default:
		for _, item := range n.Content {
			made.Content = append(made.Content, p.plain(item))
		}
	}
	return &made
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

// mapping copies the members of an object, with those that are merged into it.
func (p *parser) mapping(made, n *yaml.Node) {
	seen := make(map[string]bool)
	var merged []*yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		key, member := n.Content[i], n.Content[i+1]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.Tag == "!!merge":
			merged = append(merged, p.plain(member))
			continue
		case key.Kind != yaml.ScalarNode:
			p.fault(key, "a key that is no string")
			continue
		case seen[key.Value]:
			p.fault(key, "key "+fault.Quote(key.Value)+" is there twice")
			continue
		}
		seen[key.Value] = true
		name := *key
		name.Tag, name.Anchor = "!!str", ""
		made.Content = append(made.Content, &name, p.plain(member))
	}
	for _, source := range merged {
		merge(made, source, seen)
	}
}

// merge adds the members that an object, or a list of them, has beyond the seen ones.
func merge(made, source *yaml.Node, seen map[string]bool) {
	if source.Kind == yaml.SequenceNode {
		for _, one := range source.Content {
			merge(made, one, seen)
		}
		return
	}
	for i := 0; source.Kind == yaml.MappingNode && i < len(source.Content); i += 2 {
		if key := source.Content[i].Value; !seen[key] {
			seen[key] = true
			made.Content = append(made.Content, source.Content[i], source.Content[i+1])
		}
	}
}

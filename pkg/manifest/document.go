package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v3"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Bounds of one file.
const (
	maxDocuments = 4096
	maxBroken    = 100 // documents that are no YAML
)

// document is one YAML or JSON document of a file.
type document struct {
	file   string
	text   []byte // as written
	offset int    // lines of the file before text
	exact  bool   // the nodes know their lines and columns
	json   json.RawMessage
	root   *yaml.Node
	faults []fault.Fault
}

// place is where a node begins: file:line:column.
func (d *document) place(n *yaml.Node) string {
	if n == nil || !d.exact {
		return d.file + ":" + strconv.Itoa(d.offset+1)
	}
	return d.file + ":" + strconv.Itoa(d.offset+n.Line) + ":" + strconv.Itoa(n.Column)
}

func (d *document) fault(n *yaml.Node, what string) {
	d.faults = append(d.faults, fault.Fault{Place: d.place(n), What: what})
}

// from is the text from a node on.
func (d *document) from(n *yaml.Node) string {
	text := d.text
	for range n.Line - 1 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(text)
		text = text[size:]
	}
	return string(text)
}

// documents splits a file. Those that can be read are returned beside the faults.
func documents(file string, data []byte) ([]*document, []fault.Fault) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	first := bytes.TrimLeft(data, " \t\r\n")
	if strictJSON(file) || bytes.HasPrefix(first, []byte("{")) {
		docs, faults := jsonDocuments(file, data)
		if faults == nil || strictJSON(file) {
			return docs, faults
		}
	}
	return yamlDocuments(file, data)
}

// strictJSON tells files that others read as JSON and nothing else.
func strictJSON(file string) bool {
	switch filepath.Ext(file) {
	case ".json", ".conf", ".conflist":
		return true
	}
	return false
}

// jsonDocuments reads a sequence of JSON values.
func jsonDocuments(file string, data []byte) (docs []*document, faults []fault.Fault) {
	dec := json.NewDecoder(bytes.NewReader(data))
	for len(docs)+len(faults) < maxDocuments {
		var raw json.RawMessage
		end := int(dec.InputOffset())
		d := &document{file: file, offset: bytes.Count(data[:end], []byte("\n")), exact: true}
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return docs, faults
		}
		if err != nil {
			return docs, append(faults, jsonFault(d, data[end:], err))
		}
		d.json, d.text = raw, data[end:dec.InputOffset()]
		if d.parse(); d.root == nil {
			d.anew()
		}
		if len(d.faults) > 0 {
			faults = append(faults, d.faults...)
			continue
		}
		docs = append(docs, d)
	}
	return docs, append(faults, fault.Fault{Place: file, What: fmt.Sprintf("more than %d documents", maxDocuments)})
}

// anew parses JSON with escapes that YAML does not have: written anew it has none,
// but other lines.
func (d *document) anew() {
	var plain any
	_ = json.Unmarshal(d.json, &plain) // it is JSON
	d.text, _ = json.Marshal(plain)
	d.exact, d.faults = false, nil
	d.parse()
}

// jsonFault says what is wrong in the document that the text begins with.
func jsonFault(d *document, text []byte, err error) fault.Fault {
	f := fault.Fault{Place: d.place(nil), What: err.Error(), Err: err}
	var syntax *rawjson.SyntaxError
	if _, parseErr := rawjson.Parse(text); errors.As(parseErr, &syntax) {
		f.Place = d.place(&yaml.Node{Line: syntax.Line, Column: syntax.Column})
		f.What = syntax.What
	}
	return f
}

// yamlDocuments reads YAML documents, each for itself, so that a fault in one
// does not hide those of the next.
func yamlDocuments(file string, data []byte) (docs []*document, faults []fault.Fault) {
	line := 0
	for _, text := range chunks(data) {
		d := &document{file: file, text: text, offset: line, exact: true}
		line += bytes.Count(text, []byte("\n"))
		if _, empty := d.begin(); empty {
			continue
		}
		if len(docs) == maxDocuments || len(faults) == maxBroken {
			what := fmt.Sprintf("more than %d documents, or %d that are no YAML: the rest is not read", maxDocuments, maxBroken)
			return docs, append(faults, fault.Fault{Place: d.place(nil), What: what})
		}
		if d.parse(); len(d.faults) > 0 {
			faults = append(faults, d.faults...)
			continue
		}
		docs = append(docs, d)
	}
	return docs, faults
}

// chunks cuts at the document markers, which YAML allows nowhere else at the
// beginning of a line. The markers become white space.
func chunks(data []byte) [][]byte {
	markers := regexp.MustCompile(`(?m)^(?:---|\.\.\.)(?:[ \t\r]|$)`).FindAllIndex(data, -1)
	var all [][]byte
	start := 0
	for _, m := range markers {
		all = append(all, data[start:m[0]])
		start = m[0]
	}
	all = append(all, data[start:])
	for i := range markers {
		all[i+1] = append([]byte("   "), all[i+1][len("---"):]...)
	}
	return all
}

// begin is the first line with more than white space, comments and directives;
// empty says that there is none.
func (d *document) begin() (line int, empty bool) {
	before := regexp.MustCompile(`^(?:[ \t\r]*(?:#.*)?\n|%.*\n)*`).Find(d.text)
	rest := bytes.TrimSpace(d.text[len(before):])
	return 1 + bytes.Count(before, []byte("\n")), len(rest) == 0 || rest[0] == '#'
}

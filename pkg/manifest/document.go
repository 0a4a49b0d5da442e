package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
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
	lost   bool   // the nodes know nothing of lines and columns
	root   value
	faults []fault.Fault
}

// place is where a node begins: file:line:column.
func (d *document) place(n *yaml.Node) string {
	if n == nil || d.lost {
		return d.file + ":" + strconv.Itoa(d.offset+1)
	}
	return d.file + ":" + strconv.Itoa(d.offset+n.Line) + ":" + strconv.Itoa(n.Column)
}

func (d *document) value(n *yaml.Node) value { return value{node: n, doc: d} }

// index is where a node begins in the text.
func (d *document) index(n *yaml.Node) int {
	at := 0
	for range n.Line - 1 {
		at += bytes.IndexByte(d.text[at:], '\n') + 1
	}
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(d.text[at:])
		at += size
	}
	return at
}

// documents reads the documents of a file, each for itself, so that a fault in one
// does not hide those of the next. Those that can be read are returned beside the faults.
func documents(file string, data []byte) (docs []*document, faults []fault.Fault) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	all, faults := chunks(file, data), []fault.Fault(nil)
	if strictJSON(file) || bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		values, broken := jsonValues(file, data)
		if broken == nil || strictJSON(file) {
			all, faults = values, broken
		}
	}
	for _, d := range all {
		if _, empty := d.begin(); empty {
			continue
		}
		if len(docs) == maxDocuments || len(faults) == maxBroken {
			what := fmt.Sprintf("more than %d documents, or %d that are no YAML: the rest is not read", maxDocuments, maxBroken)
			return docs, append(faults, fault.Fault{Place: d.place(nil), What: what})
		}
		d.parse()
		if len(d.faults) > 0 {
			faults = append(faults, d.faults...)
			continue
		}
		docs = append(docs, d)
	}
	return docs, faults
}

// strictJSON tells files that others read as JSON and nothing else.
func strictJSON(file string) bool {
	return slices.Contains([]string{".json", ".conf", ".conflist"}, filepath.Ext(file))
}

// jsonValues cuts a sequence of JSON values.
func jsonValues(file string, data []byte) (all []*document, faults []fault.Fault) {
	dec := json.NewDecoder(bytes.NewReader(data))
	for len(all) <= maxDocuments {
		begin := int(dec.InputOffset())
		d := &document{file: file, offset: bytes.Count(data[:begin], []byte("\n"))}
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return all, []fault.Fault{jsonFault(d, data[begin:], err)}
		}
		d.text = data[begin:dec.InputOffset()]
		all = append(all, d)
	}
	return all, nil
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

// chunks cuts at the document markers, which YAML allows nowhere else at the
// beginning of a line. The markers become white space.
func chunks(file string, data []byte) []*document {
	markers := regexp.MustCompile(`(?m)^(?:---|\.\.\.)(?:[ \t\r]|$)`).FindAllIndex(data, -1)
	data = bytes.Clone(data)
	var all []*document
	begin, line := 0, 0
	for _, m := range append(markers, []int{len(data)}) {
		d := &document{file: file, text: data[begin:m[0]], offset: line}
		all = append(all, d)
		line += bytes.Count(d.text, []byte("\n"))
		begin = m[0]
		copy(data[begin:], "   ")
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

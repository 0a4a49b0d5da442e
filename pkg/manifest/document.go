package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// maxDocuments bounds the documents of one file.
const maxDocuments = 4096

// document is one YAML or JSON document of a file.
type document struct {
	place Place
	text  []byte // as written
	json  []byte
}

// documents splits a file. Those that can be read are returned beside the error.
func documents(file string, data []byte) ([]document, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	first := bytes.TrimLeft(data, " \t\r\n")
	if strictJSON(file) || (len(first) > 0 && first[0] == '{') {
		docs, err := jsonDocuments(file, data)
		if err == nil || strictJSON(file) {
			return docs, err
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
func jsonDocuments(file string, data []byte) ([]document, error) {
	var docs []document
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return docs, jsonFault(file, data, lastEnd(docs), err)
		}
		if len(docs) == maxDocuments {
			return docs, fmt.Errorf("%s: more than %d documents", file, maxDocuments)
		}
		end := int(dec.InputOffset())
		place := Place{File: file, Document: len(docs) + 1, Line: lineAt(data, end-len(raw))}
		docs = append(docs, document{place: place, text: data[:end], json: raw})
	}
}

// jsonFault says what is wrong in the document that begins at start.
func jsonFault(file string, data []byte, start int, err error) error {
	if line, what := syntax(data[start:]); what != "" {
		return fmt.Errorf("%s:%d: %s", file, lineAt(data, start)+line-1, what)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// lastEnd is where the last document ends.
func lastEnd(docs []document) int {
	if len(docs) == 0 {
		return 0
	}
	return len(docs[len(docs)-1].text)
}

// yamlDocuments reads YAML documents, each for itself, so that a fault in one
// does not hide those of the next.
func yamlDocuments(file string, data []byte) ([]document, error) {
	var docs []document
	var faults []error
	for _, c := range chunks(data) {
		place := Place{File: file, Document: len(docs) + len(faults) + 1, Line: c.line}
		if place.Document > maxDocuments {
			faults = append(faults, fmt.Errorf("%s: more than %d documents", file, maxDocuments))
			break
		}
		converted, err := yaml.YAMLToJSONStrict(c.text)
		if err != nil {
			faults = append(faults, yamlFault(place, err, c.offset))
			continue
		}
		docs = append(docs, document{place: place, text: c.text, json: converted})
	}
	return docs, errors.Join(faults...)
}

// chunk is the text of one YAML document.
type chunk struct {
	text   []byte
	offset int // lines of the file before text
	line   int // of the first line with content
}

// chunks splits at the document markers, which YAML allows nowhere else at the
// beginning of a line. Chunks without content are left out.
func chunks(data []byte) []chunk {
	var found []chunk
	current := chunk{line: 1}
	number := 0
	add := func() {
		if first := firstContent(current.text); first >= 0 {
			current.line = current.offset + first + 1
			found = append(found, current)
		}
	}
	start := 0
	for rest := data; len(rest) > 0; number++ {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		at := len(data) - len(rest)
		if marker(line, "---") || marker(line, "...") {
			current.text = data[start:at]
			add()
			current = chunk{offset: number}
			start = at + len("---")
		}
		rest = after
	}
	current.text = data[start:]
	add()
	return found
}

func marker(line []byte, mark string) bool {
	if !bytes.HasPrefix(line, []byte(mark)) {
		return false
	}
	return len(line) == len(mark) || strings.ContainsRune(" \t\r", rune(line[len(mark)]))
}

// firstContent is the index of the first line that is neither blank nor a
// comment nor a directive; negative where there is none.
func firstContent(text []byte) int {
	index := 0
	for len(text) > 0 {
		line, after, _ := bytes.Cut(text, []byte("\n"))
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) > 0 && trimmed[0] != '#' && line[0] != '%' {
			return index
		}
		text = after
		index++
	}
	return -1
}

// yamlFault turns the lines that the YAML library counts in the document into
// lines of the file.
func yamlFault(place Place, err error, offset int) error {
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	text = strings.ReplaceAll(text, "unmarshal errors:\n", "")
	const mark = "line "
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, mark)
		b.WriteString(before)
		if !found {
			break
		}
		digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
		b.WriteString(mark)
		if n, convErr := strconv.Atoi(after[:digits]); convErr == nil {
			b.WriteString(strconv.Itoa(n + offset))
		}
		text = after[digits:]
	}
	words := strings.Join(strings.Fields(b.String()), " ")
	return fmt.Errorf("%s: %s", place, words)
}

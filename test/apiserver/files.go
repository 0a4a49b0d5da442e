package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// load puts the objects of all files and folders into the server.
func (o options) load(s *cnitest.APIServer) error {
	for _, path := range o.objects {
		files, err := filesOf(path)
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := loadFile(s, file); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

// filesOf is the file itself, or the YAML and JSON files of a folder.
func filesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) {
			files = append(files, filepath.Join(path, entry.Name()))
		}
	}
	return files, nil
}

// loadFile puts the documents of one file into the server.
func loadFile(s *cnitest.APIServer, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for i, text := range documents(data) {
		object, err := yaml.YAMLToJSON(text)
		if err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
		if string(object) == "null" {
			continue
		}
		if err := s.Put(object); err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
	}
	return nil
}

// documents splits a YAML stream at its --- lines.
func documents(data []byte) [][]byte {
	var docs [][]byte
	var doc []byte
	for line := range bytes.Lines(data) {
		if strings.TrimRight(string(line), " \t\r\n") == "---" {
			docs = append(docs, doc)
			doc = nil
			continue
		}
		doc = append(doc, line...)
	}
	return append(docs, doc)
}

// record has changes and requests written to files. Trouble with them is told on
// standard error: the server goes on, and the test that looks for a file fails.
func (o options) record(s *cnitest.APIServer) (finish func(), err error) {
	finish = func() {}
	if o.output != "" {
		if err := os.MkdirAll(o.output, 0o755); err != nil {
			return nil, err
		}
		s.OnChange(func(path string, object json.RawMessage) {
			complain(writeChange(o.output, path, object))
		})
	}
	if o.log == "" {
		return finish, nil
	}
	log, err := os.OpenFile(o.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	encoder := json.NewEncoder(log)
	encoder.SetEscapeHTML(false)
	s.OnAnswer(func(r cnitest.Request) { complain(encoder.Encode(r)) })
	return func() {
		s.Close()
		complain(log.Close())
	}, nil
}

// writeChange writes the object at the API's path to a file that appears whole.
func writeChange(folder, path string, object json.RawMessage) error {
	parts := strings.Split(path, "/")
	if len(parts) < 4 {
		return fmt.Errorf("%s: no path of an object", path)
	}
	name := strings.Join([]string{parts[len(parts)-2], parts[len(parts)-3], parts[len(parts)-1]}, "_")
	file := filepath.Join(folder, name+".json")
	if err := os.WriteFile(file+".new", append(object, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func complain(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "apiserver:", err)
	}
}

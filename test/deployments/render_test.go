// Package deployments_test renders what is in deployments as kubectl and helm do, and
// holds it to what it promises.
package deployments_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const deployments = "../../deployments"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// built is what `kubectl kustomize DIR` prints.
func built(t *testing.T, dir string) []byte {
	t.Helper()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy // as kubectl does
	all, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
	must(t, err)
	data, err := all.AsYaml()
	must(t, err)
	return data
}

// with is the usual overlay's base with some components instead of its own.
func with(t *testing.T, components ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	absolute, err := filepath.Abs(deployments)
	must(t, err)
	relative, err := filepath.Rel(dir, absolute)
	must(t, err)
	text := fmt.Sprintf("resources: [%s/base]\ncomponents:\n", relative)
	for _, component := range components {
		text += fmt.Sprintf("  - %s/components/%s\n", relative, component)
	}
	must(t, os.WriteFile(filepath.Join(dir, "Kustomization"), []byte(text), 0o644))
	return built(t, dir)
}

// templated is what `helm template multus deployments/chart -n kube-system` prints.
func templated(values map[string]any) ([]byte, error) {
	chart, err := loader.Load(deployments + "/chart")
	if err != nil {
		return nil, err
	}
	release := chartutil.ReleaseOptions{Name: "multus", Namespace: "kube-system", IsInstall: true}
	all, err := chartutil.ToRenderValues(chart, values, release, nil) // checks values.schema.json too
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".yaml") {
			fmt.Fprintf(&out, "---\n%s\n", files[name])
		}
	}
	return out.Bytes(), nil
}

// documents are the objects of a stream, each as YAML or JSON.
func documents(t *testing.T, stream []byte) [][]byte {
	t.Helper()
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	var all [][]byte
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		must(t, err)
		if data, err := yaml.ToJSON(doc); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		} else if string(data) != "null" {
			all = append(all, data)
		}
	}
}

// objects are the objects of a stream by kind, namespace and name.
func objects(t *testing.T, stream []byte) map[string]*unstructured.Unstructured {
	t.Helper()
	all := map[string]*unstructured.Unstructured{}
	for _, doc := range documents(t, stream) {
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(doc); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		key := o.GroupVersionKind().String() + " " + o.GetNamespace() + "/" + o.GetName()
		if all[key] != nil {
			t.Errorf("%s is there twice", key)
		}
		all[key] = o
	}
	return all
}

// overlays are the names of the overlays.
func overlays(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(deployments + "/overlays")
	if err != nil || len(entries) == 0 {
		t.Fatalf("no overlays: %v", err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

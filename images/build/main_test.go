package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const reference = "registry.example/multus:v9.8.7"

// made is an image of this test's own binary for two architectures, in a new directory.
func made(t *testing.T) options {
	t.Helper()
	o := options{name: reference, license: "../../LICENSE", bin: t.TempDir(), arches: []string{"amd64", "arm"}}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range o.arches {
		if err := os.Mkdir(filepath.Join(o.bin, arch), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(o.binary(arch), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(o); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestImage: what is written is valid, and is the binary with what it needs to be known.
func TestImage(t *testing.T) {
	o := made(t)
	path, err := layout.FromPath(o.layout())
	if err != nil {
		t.Fatal(err)
	}
	root, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if got := manifest.Manifests[0].Annotations["io.containerd.image.name"]; got != reference {
		t.Errorf("containerd would call it %q", got)
	}
	index, err := root.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	images, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range images.Manifests {
		platforms = append(platforms, m.Platform.String())
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(config.Config.Entrypoint, []string{"/multus"}) || config.Config.Labels["org.opencontainers.image.version"] != "v9.8.7" {
			t.Errorf("configuration %+v", config.Config)
		}
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm/v7"}) {
		t.Errorf("platforms %q", platforms)
	}
}

// TestReproducible: the same binaries give the same bytes.
func TestReproducible(t *testing.T) {
	one, other := made(t), made(t)
	for _, file := range []func(options) string{options.archive, func(o options) string { return o.bom("arm") },
		func(o options) string { return filepath.Join(o.layout(), "index.json") }} {
		a, err := os.ReadFile(file(one))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(file(other))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs from %s", file(one), file(other))
		}
	}
}

// TestArchive: both kinds of readers find their index, and all that it names.
func TestArchive(t *testing.T) {
	f, err := os.Open(made(t).archive())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files := map[string]string{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = string(data)
	}
	for _, name := range []string{"oci-layout", "index.json", "manifest.json"} {
		if files[name] == "" {
			t.Errorf("no %s", name)
		}
	}
	for _, part := range strings.Split(files["manifest.json"], `"`) {
		if strings.HasPrefix(part, "blobs/") && files[part] == "" {
			t.Errorf("manifest.json names %s, which is missing", part)
		}
	}
}

// TestBOM: the list names the binary's own modules.
func TestBOM(t *testing.T) {
	data, err := os.ReadFile(made(t).bom("amd64"))
	if err != nil {
		t.Fatal(err)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range *bom.Components {
		names = append(names, c.Name)
	}
	for _, want := range []string{"std", "github.com/google/go-containerregistry"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %q", want, names)
		}
	}
}

// TestRefuses: an image without a version would be another one each time.
func TestRefuses(t *testing.T) {
	o := made(t)
	o.name = "registry.example/multus"
	if err := run(o); err == nil {
		t.Error("a reference without a tag is taken")
	}
	if err := run(options{name: reference}); err == nil {
		t.Error("no architecture is taken")
	}
}

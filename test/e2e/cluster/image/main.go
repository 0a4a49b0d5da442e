// Command image packs a folder into an archive of an image with one layer, which
// `ctr images import` and `docker load` read.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

func main() {
	name := flag.String("name", "", "the image's reference")
	entrypoint := flag.String("entrypoint", "/bin/sh", "the program that it runs")
	out := flag.String("o", "", "the archive")
	flag.Parse()
	if err := pack(*name, *entrypoint, *out, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// manifest is an element of manifest.json.
type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// pack writes the archive: the layer, the configuration and the manifest.
func pack(name, entrypoint, out, root string) error {
	layer, err := layerOf(root)
	if err != nil {
		return err
	}
	digest := hash(layer)
	config, err := configOf(entrypoint, digest)
	if err != nil {
		return err
	}
	m := manifest{Config: hash(config) + ".json", RepoTags: []string{name}, Layers: []string{digest + ".tar"}}
	list, err := json.Marshal([]manifest{m})
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range []struct {
		name string
		data []byte
	}{{m.Config, config}, {m.Layers[0], layer}, {"manifest.json", list}} {
		if err := write(w, &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data))}, f.data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, archive.Bytes(), 0o644)
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// configOf is the image's configuration.
func configOf(entrypoint, layer string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "created": "1970-01-01T00:00:00Z",
		"config":  map[string]any{"Env": []string{"PATH=/bin"}, "Entrypoint": []string{entrypoint}},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + layer}},
		"history": []any{map[string]string{"created": "1970-01-01T00:00:00Z", "created_by": "test/e2e"}},
	})
}

// layerOf is the folder as a tar file, without owners and times.
func layerOf(root string) ([]byte, error) {
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		return add(w, root, path)
	})
	if err != nil {
		return nil, err
	}
	return layer.Bytes(), w.Close()
}

func add(w *tar.Writer, root, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	h := &tar.Header{Name: relative, Mode: int64(info.Mode().Perm())}
	switch {
	case info.IsDir():
		h.Typeflag = tar.TypeDir
		h.Name += "/"
		return write(w, h, nil)
	case info.Mode()&fs.ModeSymlink != 0:
		h.Typeflag = tar.TypeSymlink
		if h.Linkname, err = os.Readlink(path); err != nil {
			return err
		}
		return write(w, h, nil)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	h.Size = int64(len(data))
	return write(w, h, data)
}

func write(w *tar.Writer, h *tar.Header, data []byte) error {
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

package main

import (
	"archive/tar"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const bomType = "application/vnd.cyclonedx+json"

// writeLayout writes the images as an OCI layout, and beside each in it, as an artifact
// whose subject it is, what it is made of.
func writeLayout(o options, index v1.ImageIndex, all []platformImage) error {
	path, err := named(o, o.layout(), index)
	if err != nil {
		return err
	}
	for _, p := range all {
		artifact, err := artifactOf(p)
		if err != nil {
			return err
		}
		if err := path.AppendImage(artifact); err != nil {
			return err
		}
	}
	return nil
}

// named is a layout, made anew, of the index alone, under the image's name.
func named(o options, dir string, index v1.ImageIndex) (layout.Path, error) {
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return "", err
	}
	return path, path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"io.containerd.image.name":          o.name,
		"org.opencontainers.image.ref.name": o.name,
	}))
}

// artifactOf is the list of what an image is made of, as registries keep it beside the image.
func artifactOf(p platformImage) (v1.Image, error) {
	digest, err := p.Digest()
	if err != nil {
		return nil, err
	}
	size, err := p.Size()
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), bomType)
	artifact, err := mutate.AppendLayers(base, static.NewLayer(p.bom, bomType))
	if err != nil {
		return nil, err
	}
	return mutate.Subject(artifact, v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: digest, Size: size}).(v1.Image), nil
}

// writeArchive packs the layout, without the artifacts, into one file. manifest.json, which names
// the first image, is for those that know Docker's format alone.
func writeArchive(o options, index v1.ImageIndex, first platformImage) error {
	dir, err := os.MkdirTemp(o.bin, "image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := named(o, dir, index); err != nil {
		return err
	}
	manifest, err := first.Manifest()
	if err != nil {
		return err
	}
	docker, err := json.Marshal([]map[string]any{{
		"Config":   blob(manifest.Config.Digest),
		"RepoTags": []string{o.name},
		"Layers":   []string{blob(manifest.Layers[0].Digest)},
	}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), docker, 0o644); err != nil {
		return err
	}
	return pack(o.archive(), dir)
}

func blob(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }

// pack writes a directory as a tar file, in order, without owners and times.
func pack(to, dir string) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), ModTime: time.Unix(0, 0)}); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

package main

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const source = "https://github.com/multus-cni/multus"

// platformImage is the image of one architecture and what its binary is made of.
type platformImage struct {
	v1.Image
	platform v1.Platform
	bom      []byte // CycloneDX
}

// build is what a binary says of itself.
type build struct {
	*buildinfo.BuildInfo
	version  string // the tag of the image's reference
	revision string // empty: not known
	created  time.Time
}

// buildOf reads it from the binary. Without a revision its time is the beginning of time,
// so that the same binary gives the same image whenever that is made.
func buildOf(o options, binary string) (build, error) {
	tag, err := name.NewTag(o.name, name.StrictValidation)
	if err != nil {
		return build{}, err
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return build{}, err
	}
	b := build{BuildInfo: info, version: tag.TagStr(), created: time.Unix(0, 0).UTC()}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision += s.Value
		case "vcs.modified":
			if s.Value == "true" {
				b.revision += "-dirty"
			}
		case "vcs.time":
			if b.created, err = time.Parse(time.RFC3339, s.Value); err != nil {
				return build{}, err
			}
		}
	}
	return b, nil
}

// imageOf is one binary as an image.
func imageOf(o options, arch string) (platformImage, error) {
	b, err := buildOf(o, o.binary(arch))
	if err != nil {
		return platformImage{}, err
	}
	layer, err := layerOf(o, arch)
	if err != nil {
		return platformImage{}, err
	}
	platform := v1.Platform{OS: "linux", Architecture: arch, Variant: variant(arch)}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.Append(base, mutate.Addendum{
		Layer:     layer,
		MediaType: types.OCILayer,
		History:   v1.History{Created: v1.Time{Time: b.created}, CreatedBy: "./build image"},
	})
	if err != nil {
		return platformImage{}, err
	}
	config, err := configOf(image, b, platform)
	if err != nil {
		return platformImage{}, err
	}
	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		return platformImage{}, err
	}
	image = mutate.Annotations(image, b.labels()).(v1.Image)
	bom, err := b.bom()
	return platformImage{image, platform, bom}, err
}

// variant is what ./build builds for.
func variant(arch string) string { return map[string]string{"arm": "v7", "arm64": "v8"}[arch] }

// configOf is the image's configuration, with what its layers make of it.
func configOf(image v1.Image, b build, platform v1.Platform) (*v1.ConfigFile, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Created = v1.Time{Time: b.created}
	config.OS, config.Architecture, config.Variant = platform.OS, platform.Architecture, platform.Variant
	config.Config = v1.Config{Entrypoint: []string{"/multus"}, User: "0:0", WorkingDir: "/", Labels: b.labels()}
	return config, nil
}

func (b build) labels() map[string]string {
	labels := map[string]string{
		"org.opencontainers.image.title":         "multus",
		"org.opencontainers.image.description":   "More than one network for a pod",
		"org.opencontainers.image.source":        source,
		"org.opencontainers.image.documentation": source + "/tree/main/docs",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.version":       b.version,
		"org.opencontainers.image.created":       b.created.Format(time.RFC3339),
	}
	if b.revision != "" {
		labels["org.opencontainers.image.revision"] = b.revision
	}
	return labels
}

// layerOf has the binary and the license, without owners and times.
func layerOf(o options, arch string) (v1.Layer, error) {
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, file := range []struct {
		name, path string
		mode       int64
	}{{"LICENSE", o.license, 0o644}, {"multus", o.binary(arch), 0o755}} {
		data, err := os.ReadFile(file.path)
		if err != nil {
			return nil, err
		}
		h := &tar.Header{Name: file.name, Mode: file.mode, Size: int64(len(data)), ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(data); err != nil {
			return nil, fmt.Errorf("%s: %w", file.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}

// indexOf names the images of all architectures.
func indexOf(all []platformImage) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range all {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: p.Image, Descriptor: v1.Descriptor{Platform: &p.platform}})
	}
	manifest, err := all[0].Manifest()
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(index, manifest.Annotations).(v1.ImageIndex), nil
}

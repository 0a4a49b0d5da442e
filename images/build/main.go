// Command build makes an image of multus without Docker, from binaries that are built
// already: as an OCI layout, as an archive that container runtimes load, and with it a
// list of what the binary is made of. The same binaries give the same bytes.
//
//	build -name REFERENCE -license LICENSE -bin DIR ARCH…
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	var o options
	flag.StringVar(&o.name, "name", "", "the image's reference, with its version as tag")
	flag.StringVar(&o.license, "license", "LICENSE", "the license, which goes into the image")
	flag.StringVar(&o.bin, "bin", "bin", "directory with ARCH/multus, and of what is made")
	flag.Parse()
	o.arches = flag.Args()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "build image:", err)
		os.Exit(1)
	}
}

type options struct {
	name, license, bin string
	arches             []string
}

func (o options) binary(arch string) string { return filepath.Join(o.bin, arch, "multus") }
func (o options) layout() string            { return filepath.Join(o.bin, "image") }
func (o options) archive() string           { return filepath.Join(o.bin, "multus-image.tar") }
func (o options) bom(arch string) string {
	return filepath.Join(o.bin, "multus-image."+arch+".cdx.json")
}

// run makes one image for each architecture and packs them together.
func run(o options) error {
	if len(o.arches) == 0 {
		return fmt.Errorf("no architecture is named")
	}
	var all []platformImage
	for _, arch := range o.arches {
		p, err := imageOf(o, arch)
		if err != nil {
			return fmt.Errorf("%s: %w", arch, err)
		}
		if err := os.WriteFile(o.bom(arch), p.bom, 0o644); err != nil {
			return err
		}
		all = append(all, p)
	}
	index, err := indexOf(all)
	if err != nil {
		return err
	}
	if err := writeLayout(o, index, all); err != nil {
		return err
	}
	return writeArchive(o, index, all[0])
}

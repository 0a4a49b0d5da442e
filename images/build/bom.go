package main

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// bom lists the modules that the binary is made of, as it says itself.
func (b build) bom() ([]byte, error) {
	bom := cdx.NewBOM()
	main := component(&b.Main, cdx.ComponentTypeApplication)
	main.Version = b.version
	main.Licenses = &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}
	bom.Metadata = &cdx.Metadata{Timestamp: b.created.Format(time.RFC3339), Component: &main}
	components := []cdx.Component{{
		BOMRef: "pkg:golang/std@" + b.GoVersion, Type: cdx.ComponentTypeLibrary, Name: "std", Version: b.GoVersion,
		PackageURL: "pkg:golang/std@" + b.GoVersion,
	}}
	refs := []string{components[0].BOMRef}
	for _, dep := range b.Deps {
		c := component(dep, cdx.ComponentTypeLibrary)
		components, refs = append(components, c), append(refs, c.BOMRef)
	}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	var out bytes.Buffer
	err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

func component(m *debug.Module, kind cdx.ComponentType) cdx.Component {
	if m.Replace != nil {
		m = m.Replace
	}
	purl := fmt.Sprintf("pkg:golang/%s@%s", m.Path, m.Version)
	c := cdx.Component{BOMRef: purl, Type: kind, Name: m.Path, Version: m.Version, PackageURL: purl}
	if m.Sum != "" {
		c.Properties = &[]cdx.Property{{Name: "go:sum", Value: m.Sum}}
	}
	return c
}

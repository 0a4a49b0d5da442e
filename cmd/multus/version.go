package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
)

const versionHelp = `Usage: multus version

Prints the version that the binary was built from, and the versions of the CNI
specification that it speaks.
`

func version(_ context.Context, c cli) int {
	fs := flags(c, "version", versionHelp)
	if code, stop := parseAlone(c, fs); stop {
		return code
	}
	fmt.Fprintf(c.stdout, "multus %s (%s, %s/%s)\nCNI %s\n", ownVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		strings.Join(netconf.SupportedVersions(), " "))
	return exitOK
}

// ownVersion is the module's version, or the commit where there is none.
func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	if len(revision) >= 12 {
		return revision[:12] + dirty
	}
	return "(devel)"
}

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/netconf"
)

func versionCommand(c cli) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version of this program and the CNI versions it speaks",
		Long: `Prints the version that the binary was built from, and the versions of the CNI
specification that it speaks.`,
		Example: "  multus version",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(c.stdout, "multus %s (%s, %s/%s)\nCNI %s\n", ownVersion(), runtime.Version(),
				runtime.GOOS, runtime.GOARCH, strings.Join(netconf.SupportedVersions(), " "))
			return err
		},
	}
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

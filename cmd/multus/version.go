package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/netconf"
)

func versionCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version of this program and the CNI versions it speaks",
		Long: `Prints the version that the binary was built from, and the versions of the CNI
specification that it speaks.`,
		Example: "  multus version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(std.out, "multus %s (%s, %s/%s)\nCNI %s\n", ownVersion(), runtime.Version(),
				runtime.GOOS, runtime.GOARCH, strings.Join(netconf.SupportedVersions(), " "))
			return err
		},
	}
}

// ownVersion is the module's version, which names the commit where it has no tag.
func ownVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

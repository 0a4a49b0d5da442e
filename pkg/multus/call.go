package multus

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/plan"
)

// Call is one execution of the plugin by a container runtime (CNI
// specification, section 2, "Parameters").
type Call struct {
	Command string
	Sandbox plan.Sandbox // empty for GC, STATUS and VERSION
	Path    []string     // the directories of CNI_PATH
	Stdin   []byte
}

// stdinTimeout is how long standard input is waited for where the answer does not
// depend on it: VERSION and a refused environment need it only for the
// cniVersion to answer in.
const stdinTimeout = time.Second

// ReadCall reads and validates what a runtime passes in the environment and on
// standard input. Its errors carry the codes 4, 5, 6 and 8.
func ReadCall(getenv func(string) string, stdin io.Reader) (Call, error) {
	c := Call{Command: getenv("CNI_COMMAND"), Path: filepath.SplitList(getenv("CNI_PATH"))}
	err := c.readEnvironment(getenv)
	if err != nil || c.Command == "VERSION" {
		c.Stdin = readWithTimeout(stdin)
		return c, err
	}
	c.Stdin, err = readStdin(stdin)
	return c, err
}

// readEnvironment takes from the environment what the command cannot do without.
// CNI_PATH is asked for by none: binDir stands in for it.
func (c *Call) readEnvironment(getenv func(string) string) error {
	var required []string
	switch c.Command {
	case "ADD", "CHECK":
		required = []string{"CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"}
	case "DEL":
		required = []string{"CNI_CONTAINERID", "CNI_IFNAME"}
	case "GC", "STATUS", "VERSION":
		return nil
	default:
		return coded(types.ErrInvalidEnvironmentVariables,
			fmt.Errorf("CNI_COMMAND %q: one of ADD, DEL, CHECK, GC, STATUS, VERSION is expected", c.Command))
	}
	missing := slices.DeleteFunc(required, func(variable string) bool { return getenv(variable) != "" })
	if len(missing) > 0 {
		return coded(types.ErrInvalidEnvironmentVariables,
			fmt.Errorf("required environment variables missing: %s", strings.Join(missing, ", ")))
	}
	c.Sandbox = plan.Sandbox{
		ContainerID: getenv("CNI_CONTAINERID"),
		NetNS:       getenv("CNI_NETNS"),
		IfName:      getenv("CNI_IFNAME"),
		Args:        getenv("CNI_ARGS"),
	}
	return checkSandbox(c.Sandbox, getenv("CNI_NETNS_OVERRIDE"))
}

func readStdin(stdin io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(stdin, config.MaxSize+1))
	switch {
	case err != nil:
		return nil, coded(types.ErrIOFailure, fmt.Errorf("configuration on standard input: %w", err))
	case len(data) > config.MaxSize:
		return nil, coded(types.ErrDecodingFailure, fmt.Errorf("configuration on standard input: more than %d bytes", config.MaxSize))
	}
	return data, nil
}

// readWithTimeout reads what comes in time, and nothing where standard input is closed
// or somebody keeps it open.
func readWithTimeout(stdin io.Reader) []byte {
	come := make(chan []byte, 1)
	go func() {
		data, _ := readStdin(stdin)
		come <- data
	}()
	select {
	case data := <-come:
		return data
	case <-time.After(stdinTimeout):
		return nil
	}
}

// checkSandbox refuses names that could leave their place as parts of paths, and
// a runtime that passes our own network namespace as the container's: each
// delegate would then rearrange the host's interfaces.
func checkSandbox(sb plan.Sandbox, override string) error {
	var errs []error
	if name.Network(sb.ContainerID) != nil {
		errs = append(errs, fmt.Errorf("CNI_CONTAINERID %q: letters, digits, '_', '.' and '-' are expected, a letter or digit first", sb.ContainerID))
	}
	if err := name.Interface(sb.IfName); err != nil {
		errs = append(errs, fmt.Errorf("CNI_IFNAME %q: %w", sb.IfName, err))
	}
	if errs != nil {
		return coded(types.ErrInvalidEnvironmentVariables, errors.Join(errs...))
	}
	if override == "1" || strings.EqualFold(override, "true") || !ownNetNS(sb.NetNS) {
		return nil
	}
	return coded(types.ErrInvalidNetNS, fmt.Errorf("CNI_NETNS %q: this is the host's own network namespace, not a container's", sb.NetNS))
}

func ownNetNS(path string) bool {
	own, err := os.Stat("/proc/self/ns/net")
	if err != nil || path == "" {
		return false
	}
	theirs, err := os.Stat(path)
	return err == nil && os.SameFile(own, theirs)
}

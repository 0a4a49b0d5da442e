package state

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// Key names a sandbox's record.
type Key struct {
	ContainerID string
	IfName      string
}

// KeyOf is the key of a sandbox.
func KeyOf(sb plan.Sandbox) Key { return Key{ContainerID: sb.ContainerID, IfName: sb.IfName} }

// String is how error messages call the sandbox: c1 (eth0).
func (k Key) String() string { return k.ContainerID + " (" + k.IfName + ")" }

const (
	recordSuffix = ".json"
	// maxName is what Linux file systems allow a name to be, in bytes.
	maxName = 255
	// maxInterface is IFNAMSIZ without its NUL.
	maxInterface = 15
)

var errTooLong = errors.New("too long for a file name")

// fileName is the name of the record's file. The two parts come from outside;
// nothing else stands between them and the file system. A container ID has no
// @, so that the first one parts the two.
func (k Key) fileName() (string, error) {
	if err := k.check(); err != nil {
		return "", err
	}
	name := k.ContainerID + "@" + k.IfName + recordSuffix
	if over := len(tempName(name)) - maxName; over > 0 {
		return "", fmt.Errorf("container ID of %d bytes: %w by %d", len(k.ContainerID), errTooLong, over)
	}
	return name, nil
}

// tempName is the one temporary name that the record's writers use. It can be
// told in advance, so that no folder has to be searched for temporaries that a
// killed writer left, and only a holder of the sandbox's lock writes it.
func tempName(name string) string { return "." + name + ".tmp" }

// keyFromName is the key whose record is called name.
func keyFromName(name string) (Key, bool) {
	id, rest, found := strings.Cut(name, "@")
	ifName, json := strings.CutSuffix(rest, recordSuffix)
	k := Key{ContainerID: id, IfName: ifName}
	return k, found && json && k.check() == nil
}

func (k Key) check() error {
	if err := checkContainerID(k.ContainerID); err != nil {
		return err
	}
	return checkInterface(k.IfName)
}

// checkContainerID is the rule of the CNI specification, section 2, which is that
// of section 1 for the names of networks.
func checkContainerID(id string) error {
	if id == "" {
		return errors.New("empty container ID")
	}
	if !netconf.ValidName(id) {
		return fmt.Errorf("container ID %.100q: want a letter or digit, then letters, digits, _ . and -", id)
	}
	return nil
}

// checkInterface is the kernel's rule for interface names; that they are UTF-8
// besides is because the record is JSON.
func checkInterface(name string) error {
	switch {
	case name == "":
		return errors.New("empty interface name")
	case len(name) > maxInterface:
		return fmt.Errorf("interface name %.100q: longer than %d bytes", name, maxInterface)
	case name == "." || name == "..":
		return fmt.Errorf("interface name %q: not allowed", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("interface name %q: no UTF-8", name)
	}
	for i := range len(name) {
		// 0xa0 is white space to the kernel, whatever character it is part of.
		if c := name[i]; c == '/' || c == ':' || c == 0 || c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0 {
			return fmt.Errorf("interface name %q: byte %#02x in it", name, c)
		}
	}
	return nil
}

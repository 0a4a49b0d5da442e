package state

import (
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
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
)

var errTooLong = errors.New("too long for a file name")

// fileName is the name of the record's file. The two parts come from outside;
// nothing else stands between them and the file system. A container ID has no
// @, so that the first one parts the two.
func (k Key) fileName() (string, error) {
	if err := k.check(); err != nil {
		return "", err
	}
	file := k.ContainerID + "@" + k.IfName + recordSuffix
	if over := len(tempName(file)) - maxName; over > 0 {
		return "", fmt.Errorf("container ID of %d bytes: %w by %d", len(k.ContainerID), errTooLong, over)
	}
	return file, nil
}

// tempName is the one temporary name that the record's writers use. It can be
// told in advance, so that no directory has to be searched for temporaries that a
// killed writer left, and only a holder of the sandbox's lock writes it.
func tempName(file string) string { return "." + file + ".tmp" }

// keyFromName is the key whose record is in the file.
func keyFromName(file string) (Key, bool) {
	id, rest, found := strings.Cut(file, "@")
	ifName, json := strings.CutSuffix(rest, recordSuffix)
	k := Key{ContainerID: id, IfName: ifName}
	return k, found && json && k.check() == nil
}

// check applies the rules of CNI_CONTAINERID, which are those of the names of
// networks (CNI specification, sections 1 and 2), and of CNI_IFNAME.
func (k Key) check() error {
	if err := name.Network(k.ContainerID); err != nil {
		return fault.About("container ID", err)
	}
	return checkInterface(k.IfName)
}

func checkInterface(ifName string) error {
	return fault.About("interface name", name.Interface(ifName))
}

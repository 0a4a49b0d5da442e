package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
)

// absolute wants a path that means the same wherever Multus is run from.
func absolute(path string) error {
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return fmt.Errorf("%s: an absolute path is expected", brief(path))
	}
	return nil
}

// network wants what a network of the cluster can be called by: its name, or the
// path of a file or folder.
func network(name string) error {
	if strings.Contains(name, "/") {
		if absolute(name) == nil {
			return nil
		}
		return fmt.Errorf("%s: an absolute path is expected, or a name without a namespace: that is multusNamespace", brief(name))
	}
	return networkName(name)
}

// networkName wants the name of a CNI network (CNI specification, section 1).
func networkName(name string) error {
	if !netconf.ValidName(name) {
		return fmt.Errorf(`%s: letters, digits, "_", "." and "-" are allowed, a letter or digit first`, brief(name))
	}
	return nil
}

// binary wants the name of a plugin's binary.
func binary(name string) error {
	if name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
		return fmt.Errorf("%s: the bare name of a plugin's binary is expected, without a path", brief(name))
	}
	return nil
}

// namespace wants the name of a Kubernetes namespace, a label of RFC 1123.
func namespace(name string) error {
	const most = 63
	right := len(name) <= most && !strings.HasPrefix(name, "-") && !strings.HasSuffix(name, "-")
	for _, c := range []byte(name) {
		right = right && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !right {
		return fmt.Errorf("%s: a namespace is expected: at most %d small letters, digits and inner dashes", brief(name), most)
	}
	return nil
}

// attachment wants both parts of what identifies an attachment: with one of them
// missing an attachment in use could be taken for a stale one.
func (a Attachment) check() error {
	if a.ContainerID == "" || a.IfName == "" {
		return errors.New("containerID and ifname are expected")
	}
	return nil
}

// Package name says what a valid name is: of Kubernetes objects, CNI networks,
// network interfaces and plugins. Errors say what is wrong and what is expected;
// they begin with the name itself.
package name

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/multus-cni/multus/pkg/fault"
)

const maxInterface = 15 // IFNAMSIZ less the terminating NUL

// Self tells whether a plugin type is Multus itself, as far as the type tells it.
// ours is the type of the configuration in force, "" for none.
func Self(pluginType, ours string) bool {
	base := filepath.Base(pluginType)
	return base == "multus" || ours != "" && base == ours
}

// Object checks the name of a Kubernetes object: a DNS-1123 subdomain.
func Object(s string) error {
	if s == "" {
		return fault.Fault{What: "is empty", Cure: "name a network"}
	}
	if len(validation.IsDNS1123Subdomain(s)) > 0 {
		return fmt.Errorf("%s is no name of an object; use at most %d lower-case letters, digits, '-' and '.', with a letter or digit at both ends", fault.Quote(s), validation.DNS1123SubdomainMaxLength)
	}
	return nil
}

// Namespace checks the name of a namespace: a DNS-1123 label.
func Namespace(s string) error {
	if len(validation.IsDNS1123Label(s)) > 0 {
		return fmt.Errorf("%s is no name of a namespace; use at most %d lower-case letters, digits and '-', with a letter or digit at both ends", fault.Quote(s), validation.DNS1123LabelMaxLength)
	}
	return nil
}

// Network checks the name of a CNI network, which becomes part of file names (CNI
// specification, section 1).
func Network(s string) error {
	for i, c := range []byte(s) {
		alphanumeric := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !alphanumeric && (i == 0 || strings.IndexByte("_.-", c) < 0) {
			return fmt.Errorf(`%s: letters, digits, "_", "." and "-" are allowed, a letter or digit first`, fault.Quote(s))
		}
	}
	if s == "" {
		return fault.Fault{What: "is empty", Cure: "name a network"}
	}
	return nil
}

// Plugin checks a plugin's type, the bare name of its binary, for which Linux has 255
// bytes.
func Plugin(s string) error {
	if s == "" || s == "." || s == ".." || len(s) > 255 || strings.ContainsAny(s, `/\`) || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%s: the bare name of a plugin's binary is expected, without a path", fault.Quote(s))
	}
	return nil
}

// Interface applies the kernel's rule for interface names, in bytes (multi-network
// specification 4.1.2.1.5), and refuses kinds of name that the rule admits but that
// cannot be attached and detached again: the kernel takes a name with a `%` for a
// template and makes an interface of another name; CNI plugins refuse to be called
// with white space of Unicode. Bytes that are no UTF-8 can be neither recorded nor
// be part of a result: both are JSON.
func Interface(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("is empty; an interface name has 1 to %d bytes", maxInterface)
	case len(s) > maxInterface:
		return fmt.Errorf("%s has %d bytes; an interface name has at most %d", fault.Quote(s), len(s), maxInterface)
	case s == "." || s == "..":
		return fmt.Errorf("%s is no interface name; choose another", fault.Quote(s))
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is no interface name; write it in UTF-8", fault.Quote(s))
	}
	// The kernel's isspace holds the byte 0xA0 for a space, which is the second one of à.
	if strings.ContainsFunc(s, unfit) || strings.IndexByte(s, 0xA0) >= 0 {
		return fmt.Errorf("%s is no interface name; leave out white space (in Linux the byte 0xA0 too), / : and %%", fault.Quote(s))
	}
	return nil
}

func unfit(r rune) bool { return r == '/' || r == ':' || r == '%' || r == 0 || unicode.IsSpace(r) }

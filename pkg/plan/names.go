package plan

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxInterfaceName = 15 // IFNAMSIZ less the terminating NUL
	maxLabel         = 63
	maxName          = 253
)

// CheckInterface applies the kernel's rule for interface names, in bytes
// (multi-network specification 4.1.2.1.5), and leaves out kinds of name that
// the rule admits but that cannot be attached and detached again: with a `%` the
// kernel takes the name for a template and makes an interface of another name;
// with a white space of Unicode the CNI plugins refuse to be called. Nor can bytes
// that are no UTF-8 be recorded, or be part of a result: both are JSON.
func CheckInterface(name string) error {
	switch {
	case name == "":
		return errors.New("is empty; an interface name has 1 to 15 bytes")
	case len(name) > maxInterfaceName:
		return fmt.Errorf("%s has %d bytes; an interface name has at most %d", quote(name), len(name), maxInterfaceName)
	case name == "." || name == "..":
		return fmt.Errorf("%s is no interface name; choose another", quote(name))
	case !utf8.ValidString(name):
		return fmt.Errorf("%s is no interface name; write it in UTF-8", quote(name))
	}
	if i := strings.IndexFunc(name, unfitForInterface); i >= 0 || hasKernelSpace(name) {
		return fmt.Errorf("%s is no interface name; leave out white space (in Linux the byte 0xA0 too), / : and %%", quote(name))
	}
	return nil
}

func unfitForInterface(r rune) bool {
	return r == '/' || r == ':' || r == '%' || r == 0 || unicode.IsSpace(r)
}

// hasKernelSpace looks at bytes, as the kernel does: its isspace holds 0xA0 for
// a space, which is the second byte of à.
func hasKernelSpace(name string) bool {
	return strings.IndexByte(name, 0xA0) >= 0
}

// checkName tells whether name can be that of a NetworkAttachmentDefinition, or of
// an older Network object: DNS-1123 labels joined by dots. Labels longer than 63 are for the API server
// to refuse.
func checkName(name string) error {
	if name == "" {
		return errors.New("is empty; name a network")
	}
	if len(name) > maxName {
		return fmt.Errorf("%s has %d bytes; a name has at most %d", quote(name), len(name), maxName)
	}
	for label := range strings.SplitSeq(name, ".") {
		if !isLabel(label) {
			return fmt.Errorf("%s is no name of a network; use lower-case letters, digits, '-' and '.', with a letter or digit at both ends", quote(name))
		}
	}
	return nil
}

// checkNamespace tells whether name can be that of a namespace.
func checkNamespace(name string) error {
	if len(name) > maxLabel || !isLabel(name) {
		return fmt.Errorf("%s is no name of a namespace; use at most 63 lower-case letters, digits and '-', with a letter or digit at both ends", quote(name))
	}
	return nil
}

// isLabel tells whether text is a DNS-1123 label, of whatever length.
func isLabel(text string) bool {
	if text == "" || text[0] == '-' || text[len(text)-1] == '-' {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

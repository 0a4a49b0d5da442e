package netconf

import "errors"

// Errors that callers branch on.
var (
	// ErrNotFound says that no network of the wanted name is on disk.
	ErrNotFound = errors.New("no such network on disk")
	// ErrNoPlugins says that a list has no plugin at all.
	ErrNoPlugins = errors.New("no plugins in the network configuration")
)

// Parse reads a network configuration: a list, or a lone plugin, which becomes
// a list of one. fallbackName is the name where the configuration has none or
// an empty one. warnings name reserved keys that were dropped.
func Parse(data []byte, fallbackName string) (list List, warnings []string, err error) {
	panic("stub")
}

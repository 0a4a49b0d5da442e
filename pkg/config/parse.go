package config

import "errors"

// ErrNotConfiguration says that the input is no CNI configuration at all, as
// opposed to one with a wrong value in it: CNI error 6 rather than 7.
var ErrNotConfiguration = errors.New("no CNI network configuration")

// Parse reads and validates a configuration. Faults are joined, each names its key.
func Parse(data []byte) (Config, error) { panic("stub") }

// Package config is Multus's own configuration: the object that a container
// runtime hands over on standard input. One struct is parsed by the plugin and
// marshalled by whoever writes a configuration for it.
package config

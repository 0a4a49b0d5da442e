// Package config is Multus's own configuration: the object that a container
// runtime hands over on standard input: its schema, defaults and validation.
//
// docs/configuration.md says what each key means. A key is added in three places: a
// field of Config, its line in keys.go, and its row in that document; a test holds
// the three together.
package config

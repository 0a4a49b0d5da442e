// Package delegate runs the plugins of one attachment, in chain, and enforces
// the pod's default routes.
//
// A Runner answers the five commands for one attachment or network. It runs
// plugins through an invoke.Exec, of which Process is the real one. Plugins are
// other people's programs: whatever they print is bounded, parsed and, where it
// is in another version than its configuration, converted before anyone relies
// on it. Routes is the one place that changes a network namespace itself.
//
// Errors begin with the plugin type, and wrap a *types.Error exactly where the
// plugin gave an error of its own.
package delegate

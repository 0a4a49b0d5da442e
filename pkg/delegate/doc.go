// Package delegate runs the plugins of one attachment, in chain, and enforces
// the pod's default routes.
package delegate

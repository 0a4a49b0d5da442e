// Package state remembers, for each sandbox, what ADD set out to do and how far
// it got, so that DEL undoes exactly that.
//
// A Dir is a folder on disk. Below it are
//
//	sandboxes/<container>@<interface>.json   one record a sandbox
//	unreadable/                              records that were set aside
//	lock                                     one lock file for all sandboxes
//	<container>, results/                    what Multus v1 to v4 left
//
// Whoever calls Create, Update, Remove or SetAside holds the sandbox's Lock, or
// LockAll. Load, List and Keys need no lock: a record changes atomically. No
// symbolic link below the Dir is ever followed.
package state

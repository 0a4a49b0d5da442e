// Package state remembers, for each sandbox, what ADD set out to do and how far
// it got, so that DEL undoes exactly that.
//
// A Dir is a directory on disk. Below it are
//
//	sandboxes/<container>@<interface>.json   one record a sandbox
//	unfinished/<pod UID>/<container>@<…>     notes of what nobody may come back for
//	unreadable/                              records that were set aside
//	lock                                     one lock file for all sandboxes
//	<container>, results/                    what Multus v1 to v4 left
//
// Whoever calls Create, Update, Remove, NoteUnfinished or SetAside holds the sandbox's Lock,
// or LockAll. Load, List, Keys and Unfinished need no lock: a record changes
// atomically. No symbolic link below the Dir is ever followed.
package state

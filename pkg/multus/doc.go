// Package multus answers the CNI commands: it conducts what the other packages can
// do. Plugin has one method a command; each is read from top to bottom in its own
// file: add.go, del.go, check.go, gc.go, status.go.
//
//	ADD     unfinished ─► lock ─► readiness ─► pod ─► plan ─► record ─► delegates, in order ─► routes ─► status ─► answer
//	DEL     unfinished ─► lock ─► record ─► delegates, newest first, all tried ─► no record
//	CHECK   lock ─► record ─► delegates, in order
//	GC      lock on all ─► DEL of what is stale ─► GC of each network, with what is valid on it
//	STATUS  readiness, kubeconfig, the default network; asks no API server and waits for nothing
//
// Unfinished is what earlier sandboxes of the pod left that their runtime may never
// come back for: see unfinished.go, which also serves `multus gc`.
//
// What ADD can refuse it refuses before the record is written; from there on
// whatever fails is undone from the record, by ADD itself and, where that does not
// come to an end, by DEL, GC or the pod's next sandbox. So a record is there before the first delegate
// runs and goes after the last one has detached.
//
// Every error has a CNI error code, see Code, and begins with what it is about.
package multus

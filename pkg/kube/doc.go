// Package kube reads pods and networks from the Kubernetes API server, and
// writes what became of a pod's networks: its status annotation and an event.
//
// It is made for a process that lives for milliseconds. Nothing is read or
// connected before the first request; all requests share one HTTP/2 connection,
// which is opened once even where several begin at the same time; objects are
// decoded into what is needed of them and no more; there is no client-side rate
// limit, since a process has few requests and a deadline.
//
// Of client-go it takes how TLS is set up and credentials are sent. Its clients
// and its kubeconfig loader build tables at every start, also at that of a
// command that talks to no server.
//
// Every request is tried again, with growing pauses, until the context ends, as
// long as another try can help. The error is then the last real cause, with its
// cure, and wraps plan.ErrNotFound or plan.ErrUnavailable where it is of that kind.
package kube

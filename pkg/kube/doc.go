// Package kube reads pods and networks from the Kubernetes API server, and
// writes what became of a pod's networks: its status annotation and an event.
//
// It is made for a process that lives for milliseconds. Nothing is read or
// connected before the first request; all requests share one HTTP/2 connection,
// which is opened once even where several begin at the same time; there is no
// client-side rate limit, since a process has few requests and a deadline.
//
// client-go reads kubeconfigs, sets up TLS and sends credentials. A typed client
// is not linked: it builds tables of all kinds at every start. Client.ask makes
// a request of any kind, and is what a further one is built on.
//
// Every request is tried again, with growing pauses, until the context ends, as
// long as another try can help. The error is then the last real cause, with its
// cure, and wraps plan.ErrNotFound or plan.ErrUnavailable where it is of that kind.
package kube

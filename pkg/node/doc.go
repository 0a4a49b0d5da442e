// Package node puts Multus on a node and keeps it there: the binary in the
// directory of the plugins, a kubeconfig with a token that never expires, and a
// configuration before all others in the directory of the container runtime, made
// from the default network that it finds there.
//
// Reconcile makes the files what they should be, once, and changes nothing that is
// right already: each rewrite of a configuration makes the runtime load it, which
// waits for every pod that starts. Run repeats it whenever something changes.
//
// What a runtime sees must be whole at every moment: files appear by a rename within
// their own directory, for containerd ignores those that come from elsewhere, under
// a temporary name that no runtime takes for a configuration; the binary comes before
// the configuration that names it; the new configuration before an old one goes.
package node

// Package metrics brings what became of CNI commands to those who watch a node. The
// plugin ends with each command, so nobody can ask it: it leaves an Outcome as one
// datagram on the socket of the installer that runs on the node, if one does, and
// waits for nobody. The installer counts, and writes Prometheus' text format.
//
// The format is written here, since a client library has to be initialised at each
// start of the plugin, which is the same binary; docs/metrics.md has the figures.
package metrics

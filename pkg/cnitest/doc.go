// Package cnitest holds the fakes that tests put at Multus's outer seams: plugin
// processes, the API server and network namespaces.
package cnitest

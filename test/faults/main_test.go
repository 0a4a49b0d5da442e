// Package faults_test does to the multus binary what nodes do to it: kills it at
// every step, fills its disk, damages its records, breaks its API server and its
// plugins, and then asks whether a DEL leaves anything behind. The plugins are
// all test/recorder, which says what it was asked to do. Nothing outside the
// tests' own directories is changed; what needs root is skipped without it.
package faults_test

import (
	"os"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

func TestMain(m *testing.M) { os.Exit(cnitest.Run(m, "cmd/multus", "test/recorder")) }

package node_test

import (
	"os"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

func TestMain(m *testing.M) { os.Exit(cnitest.Run(m, "cmd/multus")) }

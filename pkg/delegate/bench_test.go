package delegate_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/plan"
)

// BenchmarkAdd is what one plugin costs by way of a Runner, BenchmarkBare what it
// costs with os/exec alone.
func BenchmarkAdd(b *testing.B) {
	a := attachment(b, `{"cniVersion":"1.1.0","name":"net","plugins":[{"type":"recorder"}]}`)
	r := delegate.Runner{Exec: delegate.Process{}, Path: []string{cnitest.Binary("")}}
	for b.Loop() {
		if _, err := r.Add(b.Context(), plan.Sandbox{ContainerID: "c", NetNS: "/n"}, a); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBare(b *testing.B) {
	for b.Loop() {
		var out bytes.Buffer
		cmd := exec.Command(cnitest.Binary("recorder"))
		cmd.Env = append(os.Environ(), "CNI_COMMAND=ADD")
		cmd.Stdin = bytes.NewReader([]byte(`{"cniVersion":"1.1.0","name":"net","type":"recorder"}`))
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
	}
}

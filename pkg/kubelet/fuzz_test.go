package kubelet

import (
	"testing"

	"github.com/multus-cni/multus/pkg/rpc"
)

func FuzzReadPods(f *testing.F) {
	f.Add(podMessage("default", "web", twoContainers...))
	f.Add([]byte{1<<3 | 2, 200})
	f.Fuzz(func(t *testing.T, answer []byte) {
		message, err := rpc.Parse(answer)
		if err != nil {
			return
		}
		found, err := readPods(message, web())
		total := 0
		for resource, ids := range found {
			for _, id := range ids {
				total += len(resource) + len(id)
			}
		}
		if err == nil && total > len(answer)*len(answer) {
			t.Errorf("%d bytes became %d", len(answer), total)
		}
	})
}

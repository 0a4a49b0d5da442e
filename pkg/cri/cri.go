// Package cri asks the container runtime of this node which sandboxes it knows, and
// reads what its configuration says about CNI.
package cri

import (
	"context"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/rpc"
)

// Sandboxes are the IDs of the sandboxes that the runtime at a Unix socket knows,
// stopped ones among them.
func Sandboxes(ctx context.Context, socket string) (map[string]bool, error) {
	conn := rpc.Dial(strings.TrimPrefix(socket, "unix://"))
	defer conn.Close()
	answer, err := conn.Call(ctx, "/runtime.v1.RuntimeService/ListPodSandbox", nil)
	if err != nil {
		return nil, fmt.Errorf("sandboxes of the runtime at %s: %w", socket, err)
	}
	found := map[string]bool{}
	err = rpc.Fields(answer, func(number uint64, sandbox []byte) error {
		if number != 1 { // items
			return nil
		}
		return rpc.Fields(sandbox, func(number uint64, id []byte) error {
			if number == 1 {
				found[string(id)] = true
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("sandboxes of the runtime at %s: %w", socket, err)
	}
	return found, nil
}

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
	var sandboxes []rpc.Message
	if err == nil {
		sandboxes, err = answer.Messages(1)
	}
	if err != nil {
		return nil, fmt.Errorf("sandboxes of the runtime at %s: %w", socket, err)
	}
	found := map[string]bool{}
	for _, s := range sandboxes {
		found[s.Text(1)] = true
	}
	return found, nil
}

// Nadstatus prints what the NetworkAttachmentDefinition library of the Network
// Plumbing Working Group makes of a CNI result: the network status that clients,
// which use that library, expect of a pod's default network. The result is read from
// standard input, the network's name is the argument.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/containernetworking/cni/pkg/types/create"
	"github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/utils"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "nadstatus:", err)
		os.Exit(1)
	}
}

func run(network string) error {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	result, err := create.CreateFromBytes(data)
	if err != nil {
		return err
	}
	list, err := utils.CreateNetworkStatuses(result, network, true, nil)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(list)
}

package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/multus-cni/multus/pkg/plan"
)

// User is the API server of a person, found as kubectl finds it: by the file, else
// $KUBECONFIG, else ~/.kube/config; in the context of that name, else the current one.
func User(file, contextName string) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = file
	conf, err := rules.Load()
	file = cmp.Or(file, rules.GetDefaultFilename())
	switch {
	case errors.Is(err, os.ErrNotExist), err == nil && len(conf.Clusters) == 0:
		return nil, fmt.Errorf("kubeconfig %s: missing, or empty; name one with --kubeconfig, or set KUBECONFIG", file)
	case err != nil:
		return nil, fmt.Errorf("kubeconfig %s: %w", file, errNotOne)
	}
	if contextName != "" && conf.Contexts[contextName] == nil {
		return nil, fmt.Errorf("kubeconfig %s: there is no context %q", file, contextName)
	}
	conf.CurrentContext = cmp.Or(contextName, conf.CurrentContext)
	return &Client{kubeconfig: file, file: conf}, nil
}

// Workloads are the kinds that make pods, and where the API server has them.
func Workloads() map[string]schema.GroupVersionResource {
	return map[string]schema.GroupVersionResource{
		"Deployment":             {Group: "apps", Version: "v1", Resource: "deployments"},
		"StatefulSet":            {Group: "apps", Version: "v1", Resource: "statefulsets"},
		"DaemonSet":              {Group: "apps", Version: "v1", Resource: "daemonsets"},
		"ReplicaSet":             {Group: "apps", Version: "v1", Resource: "replicasets"},
		"Job":                    {Group: "batch", Version: "v1", Resource: "jobs"},
		"CronJob":                {Group: "batch", Version: "v1", Resource: "cronjobs"},
		"ReplicationController":  core("replicationcontrollers"),
		"PodTemplate":            core("podtemplates"),
		"Rollout":                {Group: "argoproj.io", Version: "v1alpha1", Resource: "rollouts"},
		"VirtualMachine":         {Group: "kubevirt.io", Version: "v1", Resource: "virtualmachines"},
		"VirtualMachineInstance": {Group: "kubevirt.io", Version: "v1", Resource: "virtualmachineinstances"},
	}
}

// Workload reads an object that makes pods, as JSON. An error wraps plan.ErrNotFound
// or plan.ErrUnavailable where it is one of these.
func (c *Client) Workload(ctx context.Context, kind string, ref plan.Ref) ([]byte, error) {
	var object json.RawMessage
	err := c.ask(ctx, request{verb: "get", resource: Workloads()[kind], ref: ref}, &object)
	return object, err
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	resourceapi "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/dynamic-resource-allocation/kubeletplugin"
	"k8s.io/dynamic-resource-allocation/resourceslice"
)

// driver prepares whatever claim it is given: its devices need no preparation.
type driver struct{}

// drive publishes the devices and serves the kubelet.
func (o options) drive(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	data := filepath.Join(o.root, "plugins", o.driver)
	if err := os.MkdirAll(data, 0o750); err != nil {
		return err
	}
	helper, err := kubeletplugin.Start(ctx, driver{},
		kubeletplugin.KubeClient(client), kubeletplugin.NodeName(o.node), kubeletplugin.DriverName(o.driver),
		kubeletplugin.PluginDataDirectoryPath(data), kubeletplugin.RegistrarDirectoryPath(filepath.Join(o.root, "plugins_registry")))
	if err != nil {
		return err
	}
	defer helper.Stop()
	err = helper.PublishResources(ctx, resourceslice.DriverResources{Pools: map[string]resourceslice.Pool{
		o.node: {Slices: []resourceslice.Slice{{Devices: o.published()}}},
	}})
	if err != nil {
		return err
	}
	fmt.Println("published", o.driver)
	<-ctx.Done()
	return nil
}

// published are the devices as the scheduler sees them.
func (o options) published() []resourceapi.Device {
	var devices []resourceapi.Device
	for i, id := range o.devices {
		devices = append(devices, resourceapi.Device{
			Name: fmt.Sprintf("nic-%d", i),
			Attributes: map[resourceapi.QualifiedName]resourceapi.DeviceAttribute{
				"k8s.cni.cncf.io/resourceName": {StringValue: &o.resource},
				"k8s.cni.cncf.io/deviceID":     {StringValue: &id},
			},
		})
	}
	return devices
}

// PrepareResourceClaims says that all is ready.
func (driver) PrepareResourceClaims(_ context.Context, claims []*resourceapi.ResourceClaim) (map[types.UID]kubeletplugin.PrepareResult, error) {
	ready := map[types.UID]kubeletplugin.PrepareResult{}
	for _, claim := range claims {
		var devices []kubeletplugin.Device
		for _, r := range claim.Status.Allocation.Devices.Results {
			devices = append(devices, kubeletplugin.Device{Requests: []string{r.Request}, PoolName: r.Pool, DeviceName: r.Device})
		}
		ready[claim.UID] = kubeletplugin.PrepareResult{Devices: devices}
	}
	return ready, nil
}

// UnprepareResourceClaims has nothing to undo.
func (driver) UnprepareResourceClaims(_ context.Context, claims []kubeletplugin.NamespacedObject) (map[types.UID]error, error) {
	done := map[types.UID]error{}
	for _, claim := range claims {
		done[claim.UID] = nil
	}
	return done, nil
}

// HandleError tells what went wrong in the background.
func (driver) HandleError(_ context.Context, err error, message string) {
	fmt.Fprintln(os.Stderr, "devices:", message, err)
}

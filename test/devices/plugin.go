package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pluginapi "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// infoDir is where device plugins describe their devices.
const infoDir = "/var/run/k8s.cni.cncf.io/devinfo/dp"

// plugin is a device plugin whose devices are on two NUMA nodes, turn by turn.
type plugin struct {
	pluginapi.UnimplementedDevicePluginServer
	options
}

// plug serves the devices, and registers them with each kubelet that starts.
func (o options) plug(ctx context.Context) error {
	dir := filepath.Join(o.root, "device-plugins")
	kubelet := filepath.Join(dir, "kubelet.sock")
	var registered os.FileInfo
	for ; ctx.Err() == nil; pause(ctx) {
		info, err := os.Stat(kubelet)
		if err != nil || registered != nil && os.SameFile(info, registered) && info.ModTime().Equal(registered.ModTime()) {
			continue
		}
		// A kubelet that starts removes all sockets of plugins.
		server, name, err := o.listen(dir)
		if err != nil {
			return err
		}
		if err := o.register(ctx, kubelet, name); err != nil {
			fmt.Fprintln(os.Stderr, "devices: not registered yet:", err)
			server.Stop()
			continue
		}
		fmt.Println("registered", o.resource)
		registered = info
	}
	return nil
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(200 * time.Millisecond):
	}
}

func (o options) listen(dir string) (*grpc.Server, string, error) {
	name := strings.ReplaceAll(o.resource, "/", "-") + ".sock"
	if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
		return nil, "", err
	}
	listener, err := net.Listen("unix", filepath.Join(dir, name))
	if err != nil {
		return nil, "", err
	}
	server := grpc.NewServer()
	pluginapi.RegisterDevicePluginServer(server, plugin{options: o})
	go server.Serve(listener)
	return server, name, nil
}

func (o options) register(ctx context.Context, kubelet, name string) error {
	conn, err := grpc.NewClient("unix://"+kubelet, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = pluginapi.NewRegistrationClient(conn).Register(limited, &pluginapi.RegisterRequest{
		Version: pluginapi.Version, Endpoint: name, ResourceName: o.resource, Options: &pluginapi.DevicePluginOptions{},
	})
	return err
}

// GetDevicePluginOptions has none.
func (p plugin) GetDevicePluginOptions(context.Context, *pluginapi.Empty) (*pluginapi.DevicePluginOptions, error) {
	return &pluginapi.DevicePluginOptions{}, nil
}

// ListAndWatch tells the devices once; they stay.
func (p plugin) ListAndWatch(_ *pluginapi.Empty, stream pluginapi.DevicePlugin_ListAndWatchServer) error {
	var devices []*pluginapi.Device
	for i, id := range p.devices {
		devices = append(devices, &pluginapi.Device{
			ID: id, Health: pluginapi.Healthy,
			Topology: &pluginapi.TopologyInfo{Nodes: []*pluginapi.NUMANode{{ID: int64(i % 2)}}},
		})
	}
	if err := stream.Send(&pluginapi.ListAndWatchResponse{Devices: devices}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}

// Allocate describes the devices in files, as device plugins of network cards do.
func (p plugin) Allocate(_ context.Context, request *pluginapi.AllocateRequest) (*pluginapi.AllocateResponse, error) {
	answer := &pluginapi.AllocateResponse{}
	for _, c := range request.ContainerRequests {
		for _, id := range c.DevicesIds {
			if err := p.describe(id); err != nil {
				return nil, err
			}
		}
		answer.ContainerResponses = append(answer.ContainerResponses, &pluginapi.ContainerAllocateResponse{
			Envs: map[string]string{"DEVICES": strings.Join(c.DevicesIds, ",")},
		})
	}
	return answer, nil
}

func (p plugin) describe(id string) error {
	if err := os.MkdirAll(infoDir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(infoDir, strings.ReplaceAll(p.resource+"-"+id, "/", "-")+"-device.json")
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.WriteFile(path, fmt.Appendf(nil, `{"type":"pci","version":"1.1.0","pci":{"pci-address":%q}}`, id), 0o444)
}

package kubelet

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/regular"
)

const (
	checkpointPath = "device-plugins/kubelet_internal_checkpoint"
	// maxCheckpoint bounds what is read of the file.
	maxCheckpoint = 64 << 20
)

// checkpoint is what the kubelet writes down of the devices that it gave.
type checkpoint struct {
	Data struct {
		PodDeviceEntries []entry
	}
}

// entry are devices of one resource that one container got.
type entry struct {
	PodUID        string
	ContainerName string
	ResourceName  string
	DeviceIDs     perNode
}

// perNode are device IDs in the order of their NUMA nodes. Kubelets before 1.20
// wrote a plain list.
type perNode []string

// UnmarshalJSON reads both forms.
func (p *perNode) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return json.Unmarshal(data, (*[]string)(p))
	}
	var nodes map[int][]string
	err := json.Unmarshal(data, &nodes)
	for _, node := range slices.Sorted(maps.Keys(nodes)) {
		*p = append(*p, nodes[node]...)
	}
	return err
}

// recorded are the pod's devices by the checkpoint, which has the entries in any
// order: they are taken by the containers' names.
func (n Node) recorded(pod plan.Pod) (devices, error) {
	path := filepath.Join(n.Root, checkpointPath)
	data, err := regular.Read(path, maxCheckpoint)
	if err != nil {
		return nil, err
	}
	var c checkpoint
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	uids := []string{pod.UID}
	if pod.Static() {
		uids = append(uids, pod.Annotations[plan.StaticUIDKey])
	}
	entries := slices.DeleteFunc(c.Data.PodDeviceEntries, func(e entry) bool {
		return e.PodUID == "" || !slices.Contains(uids, e.PodUID)
	})
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.ContainerName, b.ContainerName) })
	found := devices{}
	for _, e := range entries {
		found.add(e.ResourceName, e.DeviceIDs...)
	}
	return found, nil
}

// absent tells that a file or socket is not there.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

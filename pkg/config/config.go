package config

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/netconf"
)

// Config is a validated configuration with all defaults filled in.
type Config struct {
	CNIVersion   string
	Name         string
	Type         string
	Capabilities map[string]bool
	Runtime      map[string]json.RawMessage // what the runtime hands over, by capability
	PrevResult   json.RawMessage
	// PodAnnotations are the pod's where the runtime handed them over, else nil.
	PodAnnotations map[string]string
	// ValidAttachments is the list of GC; nil where neither key was there or it was null.
	ValidAttachments []types.GCAttachment

	Kubeconfig         string
	ClusterNetwork     string
	DefaultNetworks    []string
	SystemNamespaces   []string
	MultusNamespace    string
	Delegates          []Delegate // the master first
	ConfDir            netconf.Dir
	CNIDir             string
	KubeletRoot        string // --root-dir of the kubelet
	BinDir             []string
	ReadinessFile      string
	ReadinessTimeout   time.Duration
	APITimeout         time.Duration
	DelegateTimeout    time.Duration
	NamespaceIsolation bool
	GlobalNamespaces   []string
	// DefaultNetworkNamespaces are further namespaces whose NADs the default-network
	// annotation may name under isolation.
	DefaultNetworkNamespaces []string
	AllowedPlugins           []string
	AllowPodDeviceID         bool
	// UnsupportedRequests is UnsupportedVerify, UnsupportedFail or UnsupportedLegacy.
	UnsupportedRequests string
	FirstInterfaceIndex int
	// NetworkStatus is StatusAlways, StatusAdditional or StatusNever.
	NetworkStatus  string
	Events         bool
	LegacyNetworks bool
	AuxiliaryChain string
	Log            Log

	// Warnings are what was odd but not wrong, unknown keys first of all; to be logged.
	Warnings []string
}

// Delegate is one inline network of the configuration.
type Delegate struct {
	Master bool // marked by masterplugin
	List   netconf.List
}

// Log is where and how much is logged.
type Log struct {
	Level      string // logrus's name of it
	File       string
	ToStderr   bool
	JSON       bool
	MaxAge     time.Duration // of a rotated file, 0 for any; whole days
	MaxSize    int64         // of the file in bytes, 0 for any; whole MiB
	MaxBackups int           // how many rotated files are kept, 0 for all
	Compress   bool
}

// Values of UnsupportedRequests and NetworkStatus.
const (
	UnsupportedVerify = "verify"
	UnsupportedFail   = "fail"
	UnsupportedLegacy = "legacy"
	StatusAlways      = "always"
	StatusAdditional  = "additional"
	StatusNever       = "never"
)

// annotationsKey is the capability under which containerd and CRI-O hand over the
// annotations of the pod.
const annotationsKey = "io.kubernetes.cri.pod-annotations"

// MayUse tells whether a pod of namespace podNS may use a NAD of namespace nadNS.
func (c Config) MayUse(podNS, nadNS string) bool {
	return !c.NamespaceIsolation || podNS == nadNS || slices.Contains(c.GlobalNamespaces, nadNS)
}

package config

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/multus-cni/multus/pkg/netconf"
)

// Config is a validated configuration with all defaults filled in. The tags are
// for MarshalJSON alone; Parse goes by the table of keys.
type Config struct {
	CNIVersion   string                     `json:"cniVersion,omitzero"`
	Name         string                     `json:"name"`
	Type         string                     `json:"type"`
	Capabilities map[string]bool            `json:"capabilities,omitzero"`
	Runtime      map[string]json.RawMessage `json:"runtimeConfig,omitzero"` // what the runtime hands over, by capability
	PrevResult   json.RawMessage            `json:"prevResult,omitzero"`
	// ValidAttachments is the list of GC; nil where neither key was there or it was null.
	ValidAttachments []Attachment `json:"cni.dev/valid-attachments,omitzero"`

	Kubeconfig         string        `json:"kubeconfig,omitzero"`
	ClusterNetwork     string        `json:"clusterNetwork,omitzero"`
	DefaultNetworks    []string      `json:"defaultNetworks,omitzero"`
	SystemNamespaces   []string      `json:"systemNamespaces,omitzero"`
	MultusNamespace    string        `json:"multusNamespace,omitzero"`
	Delegates          []Delegate    `json:"delegates,omitzero"` // the master first
	ConfDir            netconf.Dir   `json:"confDir,omitzero"`
	CNIDir             string        `json:"cniDir,omitzero"`
	BinDir             []string      `json:"binDir,omitzero"`
	ReadinessFile      string        `json:"readinessIndicatorFile,omitzero"`
	ReadinessTimeout   time.Duration `json:"-"`
	APITimeout         time.Duration `json:"-"`
	DelegateTimeout    time.Duration `json:"-"`
	NamespaceIsolation bool          `json:"namespaceIsolation,omitzero"`
	GlobalNamespaces   []string      `json:"globalNamespaces,omitzero"`
	AllowedPlugins     []string      `json:"allowedPlugins,omitzero"`
	AllowPodDeviceID   bool          `json:"allowPodDeviceID,omitzero"`
	// UnsupportedRequests is UnsupportedFail or UnsupportedLegacy.
	UnsupportedRequests string `json:"unsupportedRequests,omitzero"`
	FirstInterfaceIndex int    `json:"firstInterfaceIndex,omitzero"`
	// NetworkStatus is StatusAlways, StatusAdditional or StatusNever.
	NetworkStatus  string `json:"networkStatus,omitzero"`
	Events         bool   `json:"-"`
	LegacyNetworks bool   `json:"legacyNetworks,omitzero"`
	AuxiliaryChain string `json:"auxiliaryCNIChainName,omitzero"`
	Log            Log    `json:"-"`

	// Warnings are what was odd but not wrong, unknown keys first of all; to be logged.
	Warnings []string `json:"-"`
}

// Delegate is one inline network of the configuration.
type Delegate struct {
	Master bool // marked by masterplugin
	List   netconf.List
}

// Attachment is one element of GC's list of valid attachments.
type Attachment struct {
	ContainerID string `json:"containerID"`
	IfName      string `json:"ifname"`
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
	UnsupportedFail   = "fail"
	UnsupportedLegacy = "legacy"
	StatusAlways      = "always"
	StatusAdditional  = "additional"
	StatusNever       = "never"
)

// DefaultCNIVersion is what a configuration without cniVersion speaks.
const DefaultCNIVersion = "0.1.0"

// annotationsKey is the capability under which containerd and CRI-O hand over the
// annotations of the pod.
const annotationsKey = "io.kubernetes.cri.pod-annotations"

// MayUse tells whether a pod of namespace podNS may use a NAD of namespace nadNS.
func (c Config) MayUse(podNS, nadNS string) bool {
	return !c.NamespaceIsolation || podNS == nadNS || slices.Contains(c.GlobalNamespaces, nadNS)
}

// PodAnnotations are the pod's annotations where the runtime handed them over.
func (c Config) PodAnnotations() (annotations map[string]string, given bool) {
	annotations, err := readAnnotations(c.Runtime[annotationsKey])
	return annotations, err == nil && annotations != nil
}

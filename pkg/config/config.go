package config

import (
	"encoding/json"
	"time"

	"github.com/multus-cni/multus/pkg/netconf"
)

// Config is a validated configuration with all defaults filled in.
type Config struct {
	CNIVersion   string                     `json:"cniVersion,omitempty"`
	Name         string                     `json:"name"`
	Type         string                     `json:"type"`
	Capabilities map[string]bool            `json:"capabilities,omitempty"`
	Runtime      map[string]json.RawMessage `json:"runtimeConfig,omitempty"` // what the runtime hands over, by capability
	PrevResult   json.RawMessage            `json:"prevResult,omitempty"`
	// ValidAttachments is the list of GC; nil where neither key was there or it was null.
	ValidAttachments []Attachment `json:"cni.dev/valid-attachments,omitempty"`

	Kubeconfig         string        `json:"kubeconfig,omitempty"`
	ClusterNetwork     string        `json:"clusterNetwork,omitempty"`
	DefaultNetworks    []string      `json:"defaultNetworks,omitempty"`
	SystemNamespaces   []string      `json:"systemNamespaces,omitempty"`
	MultusNamespace    string        `json:"multusNamespace,omitempty"`
	Delegates          []Delegate    `json:"delegates,omitempty"` // the master first
	ConfDir            netconf.Dir   `json:"-"`
	CNIDir             string        `json:"cniDir,omitempty"`
	BinDir             []string      `json:"binDir,omitempty"`
	ReadinessFile      string        `json:"readinessIndicatorFile,omitempty"`
	ReadinessTimeout   time.Duration `json:"-"`
	APITimeout         time.Duration `json:"-"`
	DelegateTimeout    time.Duration `json:"-"`
	NamespaceIsolation bool          `json:"namespaceIsolation,omitempty"`
	GlobalNamespaces   []string      `json:"globalNamespaces,omitempty"`
	AllowedPlugins     []string      `json:"allowedPlugins,omitempty"`
	AllowPodDeviceID   bool          `json:"allowPodDeviceID,omitempty"`
	// UnsupportedRequests is UnsupportedFail or UnsupportedLegacy.
	UnsupportedRequests string `json:"unsupportedRequests,omitempty"`
	FirstInterfaceIndex int    `json:"firstInterfaceIndex,omitempty"`
	// NetworkStatus is StatusAlways, StatusAdditional or StatusNever.
	NetworkStatus  string `json:"networkStatus,omitempty"`
	Events         bool   `json:"events"`
	LegacyNetworks bool   `json:"legacyNetworks,omitempty"`
	AuxiliaryChain string `json:"auxiliaryCNIChainName,omitempty"`
	Log            Log    `json:"-"`

	// Warnings are what was odd but not wrong, unknown keys first of all; to be logged.
	Warnings []string `json:"-"`
}

// Delegate is one inline network of the configuration.
type Delegate struct {
	Master bool         `json:"masterplugin,omitempty"`
	List   netconf.List `json:"-"`
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
	MaxAge     time.Duration
	MaxSize    int64 // bytes
	MaxBackups int
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

// MayUse tells whether a pod of namespace podNS may use a NAD of namespace nadNS.
func (c Config) MayUse(podNS, nadNS string) bool { panic("stub") }

// PodAnnotations are the pod's annotations where the runtime handed them over.
func (c Config) PodAnnotations() (annotations map[string]string, given bool) { panic("stub") }

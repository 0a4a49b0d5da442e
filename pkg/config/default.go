package config

import (
	"time"

	"github.com/multus-cni/multus/pkg/netconf"
)

const day = 24 * time.Hour

// Default is a configuration in which no key is given.
func Default() Config {
	return Config{
		CNIVersion:          netconf.DefaultVersion,
		Type:                "multus",
		SystemNamespaces:    []string{"kube-system"},
		MultusNamespace:     "kube-system",
		ConfDir:             netconf.Dir{"/etc/cni/multus/net.d", "/etc/cni/multus.d"},
		CNIDir:              "/var/lib/cni/multus",
		KubeletRoot:         "/var/lib/kubelet",
		BinDir:              []string{"/opt/cni/bin"},
		ReadinessTimeout:    45 * time.Second,
		APITimeout:          10 * time.Second,
		DelegateTimeout:     2 * time.Minute,
		GlobalNamespaces:    []string{"default"},
		UnsupportedRequests: UnsupportedVerify,
		NetworkStatus:       StatusAlways,
		Events:              true,
		Log: Log{
			Level: "panic", ToStderr: true,
			MaxAge: 5 * day, MaxSize: 100 * mebibyte, MaxBackups: 5, Compress: true,
		},
	}
}

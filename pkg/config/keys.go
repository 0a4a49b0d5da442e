package config

import (
	"encoding/json"
	"time"

	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// keys is the table of all keys: what each is read into and what it may be.
func (r *reader) keys() map[string]setter {
	c := &r.conf
	return map[string]setter{
		"cniVersion":    func(raw) error { return nil }, // was read first
		"name":          text(&c.Name, name.Network),
		"type":          text(&c.Type, name.Plugin),
		"capabilities":  members(&c.Capabilities, flag),
		"runtimeConfig": members(&c.Runtime, keep),
		"prevResult":    object(&c.PrevResult),
		validKey:        keep(&r.newer),
		olderValidKey:   keep(&r.older),

		"kubeconfig":               text(&c.Kubeconfig, absolute),
		"clusterNetwork":           text(&c.ClusterNetwork, network),
		"defaultNetworks":          list(&c.DefaultNetworks, network),
		"systemNamespaces":         namespaces(&c.SystemNamespaces),
		"multusNamespace":          text(&c.MultusNamespace, name.Namespace),
		"delegates":                keep(&r.delegates),
		"confDir":                  paths((*[]string)(&c.ConfDir)),
		"cniDir":                   text(&c.CNIDir, absolute),
		"kubeletRoot":              text(&c.KubeletRoot, absolute),
		"binDir":                   paths(&c.BinDir),
		"readinessIndicatorFile":   text(&c.ReadinessFile, absolute),
		"readinessTimeout":         duration(&c.ReadinessTimeout),
		"apiTimeout":               duration(&c.APITimeout),
		"delegateTimeout":          duration(&c.DelegateTimeout),
		"namespaceIsolation":       flag(&c.NamespaceIsolation),
		"globalNamespaces":         commaNamespaces(&c.GlobalNamespaces),
		"defaultNetworkNamespaces": commaNamespaces(&c.DefaultNetworkNamespaces),
		"allowedPlugins":           list(&c.AllowedPlugins, name.Plugin),
		"allowPodDeviceID":         flag(&c.AllowPodDeviceID),
		"unsupportedRequests":      choice(&c.UnsupportedRequests, UnsupportedVerify, UnsupportedFail, UnsupportedLegacy),
		"firstInterfaceIndex":      count(&c.FirstInterfaceIndex, maxInterfaceIndex),
		"networkStatus":            choice(&c.NetworkStatus, StatusAlways, StatusAdditional, StatusNever),
		"events":                   flag(&c.Events),
		"legacyNetworks":           flag(&c.LegacyNetworks),
		"auxiliaryCNIChainName":    text(&c.AuxiliaryChain, name.Network),

		"logLevel":           choice(&r.level, logLevels()...),
		"log_level":          choice(&r.olderLevel, logLevels()...),
		"logFile":            text(&c.Log.File, absolute),
		"logToStderr":        flag(&c.Log.ToStderr),
		"logFormat":          choice(&r.format, formatText, formatJSON),
		"logOptions":         r.logOptions,
		"retryDeleteOnError": flag(new(bool)), // a failed DEL can always be tried again
	}
}

// Bounds of numbers: beyond them is nothing but a slip of the finger.
const (
	maxInterfaceIndex = 1000
	maxLogAge         = 36500   // days
	maxLogSize        = 1 << 20 // MiB
	maxLogBackups     = 10000
)

// The list of GC has two keys: the first text of CNI 1.1.0 had the shorter one.
const (
	validKey      = "cni.dev/valid-attachments"
	olderValidKey = "cni.dev/attachments"
)

const (
	formatText = "text"
	formatJSON = "json"
	mebibyte   = 1 << 20
)

// logLevels are the levels of logLevel; verbose is an older name of info.
func logLevels() []string { return []string{"panic", "error", "warning", "info", "verbose", "debug"} }

// logOptions reads the object of that key.
func (r *reader) logOptions(value json.RawMessage) error {
	options, err := tolerant(rawjson.Nested(value))
	if err != nil {
		return err
	}
	log := &r.conf.Log
	days, mebibytes := int(log.MaxAge/day), int(log.MaxSize/mebibyte)
	r.object("logOptions.", map[string]setter{
		"maxAge":     count(&days, maxLogAge),
		"maxSize":    count(&mebibytes, maxLogSize),
		"maxBackups": count(&log.MaxBackups, maxLogBackups),
		"compress":   flag(&log.Compress),
	}, options)
	log.MaxAge, log.MaxSize = time.Duration(days)*day, int64(mebibytes)*mebibyte
	return nil
}

package config

import (
	"encoding/json"
	"time"

	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// keys is the table of all keys: what each is read into and what it may be. Beyond the
// bounds of numbers is nothing but a slip of the finger.
func (r *reader) keys() map[string]rawjson.Setter {
	c := &r.conf
	elsewhere := func(json.RawMessage) error { return nil } // is read from the whole object
	return map[string]rawjson.Setter{
		"cniVersion":    elsewhere,
		"name":          text(&c.Name, name.Network),
		"type":          text(&c.Type, name.Plugin),
		"capabilities":  rawjson.Members(&c.Capabilities, rawjson.Bool),
		"runtimeConfig": rawjson.Members(&c.Runtime, keep),
		"prevResult":    object(&c.PrevResult),
		validKey:        elsewhere,
		olderValidKey:   elsewhere,

		"kubeconfig":               text(&c.Kubeconfig, absolute),
		"clusterNetwork":           text(&c.ClusterNetwork, network),
		"defaultNetworks":          list(&c.DefaultNetworks, network),
		"systemNamespaces":         namespaces(&c.SystemNamespaces),
		"multusNamespace":          text(&c.MultusNamespace, name.Namespace),
		"delegates":                elsewhere,
		"confDir":                  paths((*[]string)(&c.ConfDir)),
		"cniDir":                   text(&c.CNIDir, absolute),
		"kubeletRoot":              text(&c.KubeletRoot, absolute),
		"binDir":                   paths(&c.BinDir),
		"readinessIndicatorFile":   text(&c.ReadinessFile, absolute),
		"readinessTimeout":         duration(&c.ReadinessTimeout),
		"apiTimeout":               duration(&c.APITimeout),
		"delegateTimeout":          duration(&c.DelegateTimeout),
		"namespaceIsolation":       rawjson.Bool(&c.NamespaceIsolation),
		"globalNamespaces":         commaNamespaces(&c.GlobalNamespaces),
		"defaultNetworkNamespaces": commaNamespaces(&c.DefaultNetworkNamespaces),
		"allowedPlugins":           list(&c.AllowedPlugins, name.Plugin),
		"allowPodDeviceID":         rawjson.Bool(&c.AllowPodDeviceID),
		"unsupportedRequests":      choice(&c.UnsupportedRequests, UnsupportedVerify, UnsupportedFail, UnsupportedLegacy),
		"firstInterfaceIndex":      rawjson.Whole(&c.FirstInterfaceIndex, 0, 1000),
		"networkStatus":            choice(&c.NetworkStatus, StatusAlways, StatusAdditional, StatusNever),
		"events":                   rawjson.Bool(&c.Events),
		"legacyNetworks":           rawjson.Bool(&c.LegacyNetworks),
		"auxiliaryCNIChainName":    text(&c.AuxiliaryChain, name.Network),

		"logLevel":           choice(&r.level, logLevels()...),
		"log_level":          choice(&r.olderLevel, logLevels()...),
		"logFile":            text(&c.Log.File, absolute),
		"logToStderr":        rawjson.Bool(&c.Log.ToStderr),
		"logFormat":          choice(&r.format, "text", "json"),
		"logOptions":         r.logOptions,
		"retryDeleteOnError": rawjson.Bool(new(bool)), // a failed DEL can always be tried again
	}
}

// The list of GC has two keys: the first text of CNI 1.1.0 had the shorter one.
const (
	validKey      = "cni.dev/valid-attachments"
	olderValidKey = "cni.dev/attachments"
)

const mebibyte = 1 << 20

// logLevels are the levels of logLevel; verbose is an older name of info.
func logLevels() []string { return []string{"panic", "error", "warning", "info", "verbose", "debug"} }

// logOptions reads the object of that key.
func (r *reader) logOptions(value json.RawMessage) error {
	log := &r.conf.Log
	days, mebibytes := int(log.MaxAge/day), int(log.MaxSize/mebibyte)
	err := r.fields("logOptions.", map[string]rawjson.Setter{
		"maxAge":     rawjson.Whole(&days, 0, 36500),
		"maxSize":    rawjson.Whole(&mebibytes, 0, 1<<20),
		"maxBackups": rawjson.Whole(&log.MaxBackups, 0, 10000),
		"compress":   rawjson.Bool(&log.Compress),
	}).Nested(value)
	log.MaxAge, log.MaxSize = time.Duration(days)*day, int64(mebibytes)*mebibyte
	return err
}

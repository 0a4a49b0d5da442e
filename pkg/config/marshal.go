package config

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/multus-cni/multus/pkg/netconf"
)

// MarshalJSON writes the configuration for Parse to read: only what is not as in
// Default, so that a node profits from better defaults of a later version. What is
// zero and cannot be so in a configuration, an empty folder say, counts as default.
func (c Config) MarshalJSON() ([]byte, error) {
	type plain Config
	full, d := c, Default()
	c.omitDefaults(d)
	return json.Marshal(struct {
		plain
		ReadinessTimeout string      `json:"readinessTimeout,omitzero"`
		APITimeout       string      `json:"apiTimeout,omitzero"`
		DelegateTimeout  string      `json:"delegateTimeout,omitzero"`
		Events           *bool       `json:"events,omitzero"`
		LogLevel         string      `json:"logLevel,omitzero"`
		LogFile          string      `json:"logFile,omitzero"`
		LogToStderr      *bool       `json:"logToStderr,omitzero"`
		LogFormat        string      `json:"logFormat,omitzero"`
		LogOptions       *logOptions `json:"logOptions,omitzero"`
	}{
		plain:            plain(c),
		ReadinessTimeout: span(full.ReadinessTimeout, d.ReadinessTimeout),
		APITimeout:       span(full.APITimeout, d.APITimeout),
		DelegateTimeout:  span(full.DelegateTimeout, d.DelegateTimeout),
		Events:           differing(full.Events, d.Events),
		LogLevel:         c.Log.Level,
		LogFile:          c.Log.File,
		LogToStderr:      differing(c.Log.ToStderr, d.Log.ToStderr),
		LogFormat:        c.Log.format(),
		LogOptions:       c.Log.options(d.Log),
	})
}

// logOptions is the object of that key.
type logOptions struct {
	MaxAge     int  `json:"maxAge"`  // days
	MaxSize    int  `json:"maxSize"` // MiB
	MaxBackups int  `json:"maxBackups"`
	Compress   bool `json:"compress"`
}

// omitDefaults makes zero, and so left out, what is as it is by default.
func (c *Config) omitDefaults(d Config) {
	if c.Log == (Log{}) { // nobody wrote it
		c.Log = d.Log
	}
	omit(&c.CNIVersion, d.CNIVersion)
	omit(&c.MultusNamespace, d.MultusNamespace)
	omit(&c.CNIDir, d.CNIDir)
	omit(&c.UnsupportedRequests, d.UnsupportedRequests)
	omit(&c.NetworkStatus, d.NetworkStatus)
	omit(&c.Log.Level, d.Log.Level)
	omitList(&c.SystemNamespaces, d.SystemNamespaces)
	omitList((*[]string)(&c.ConfDir), d.ConfDir)
	omitList(&c.BinDir, d.BinDir)
	omitList(&c.GlobalNamespaces, d.GlobalNamespaces)
	if c.Type == "" {
		c.Type = d.Type
	}
}

func omit(value *string, byDefault string) {
	if *value == byDefault {
		*value = ""
	}
}

func omitList(value *[]string, byDefault []string) {
	if slices.Equal(*value, byDefault) {
		*value = nil
	}
}

// span is a duration as text, "" where it is as by default.
func span(d, byDefault time.Duration) string {
	if d == 0 || d == byDefault {
		return ""
	}
	return d.String()
}

func differing(value, byDefault bool) *bool {
	if value == byDefault {
		return nil
	}
	return &value
}

func (l Log) format() string {
	if l.JSON {
		return formatJSON
	}
	return ""
}

func (l Log) options(d Log) *logOptions {
	o, byDefault := l.rotation(), d.rotation()
	if o == byDefault {
		return nil
	}
	return &o
}

func (l Log) rotation() logOptions {
	return logOptions{int(l.MaxAge / day), int(l.MaxSize / mebibyte), l.MaxBackups, l.Compress}
}

// MarshalJSON writes the delegate as an element of delegates.
func (d Delegate) MarshalJSON() ([]byte, error) {
	list, err := d.List.MarshalJSON()
	if err != nil || !d.Master {
		return list, err
	}
	members, err := netconf.Members(list)
	if err != nil {
		return nil, err
	}
	mark := netconf.Member{Key: masterKey, Value: json.RawMessage("true")}
	return netconf.Object(append([]netconf.Member{mark}, members...)), nil
}

package config_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/netconf"
)

func TestMarshal(t *testing.T) {
	tests := map[string]struct {
		change func(c *config.Config)
		want   string
	}{
		"defaults": {func(*config.Config) {}, `{"name":"n","type":"multus","kubeconfig":"/k"}`},
		"as installed": {func(c *config.Config) {
			c.CNIVersion, c.ClusterNetwork = "1.0.0", "/etc/cni/net.d/10-flannel.conflist"
			c.Capabilities = map[string]bool{"portMappings": true}
			c.ReadinessTimeout, c.Log.Level = 90*time.Second, "debug"
		}, `{"cniVersion":"1.0.0","name":"n","type":"multus","capabilities":{"portMappings":true},"kubeconfig":"/k","clusterNetwork":"/etc/cni/net.d/10-flannel.conflist","readinessTimeout":"1m30s","logLevel":"debug"}`},
		"delegates": {func(c *config.Config) {
			c.Delegates = []config.Delegate{
				{Master: true, List: list(t, `{"name":"a","type":"x","n":9007199254740993,"s":"é"}`)},
				{List: list(t, `{"cniVersion":"1.0.0","name":"b","disableCheck":true,"plugins":[{"type":"y"}]}`)},
			}
		}, `{"name":"n","type":"multus","kubeconfig":"/k","delegates":[{"masterplugin":true,"cniVersion":"0.1.0","name":"a","plugins":[{"name":"a","type":"x","n":9007199254740993,"s":"é"}]},{"cniVersion":"1.0.0","name":"b","disableCheck":true,"plugins":[{"type":"y"}]}]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := changed(tt.change)
			got, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c, parse(t, string(got))); diff != "" {
				t.Errorf("it comes back otherwise (-written +read):\n%s", diff)
			}
		})
	}
}

// Every field is set to what it is not by default, so that none can be forgotten.
func TestMarshalEveryField(t *testing.T) {
	c := config.Config{
		CNIVersion: "1.1.0", Name: "x", Type: "shim",
		Capabilities:     map[string]bool{"ips": true, "mac": false},
		Runtime:          map[string]json.RawMessage{"ips": json.RawMessage(`["<1>"]`)},
		PrevResult:       json.RawMessage(`{"n":9007199254740993}`),
		ValidAttachments: []config.Attachment{},
		Kubeconfig:       "/k", DefaultNetworks: []string{"d"}, SystemNamespaces: []string{}, MultusNamespace: "m",
		Delegates: []config.Delegate{{List: list(t, `{"name":"a","type":"x"}`)}},
		ConfDir:   netconf.Dir{"/c"}, CNIDir: "/s", BinDir: []string{"/b", "/c"},
		ReadinessFile: "/r", ReadinessTimeout: 1, APITimeout: time.Hour, DelegateTimeout: 1500 * time.Millisecond,
		NamespaceIsolation: true, GlobalNamespaces: []string{"g"}, AllowedPlugins: []string{"p"}, AllowPodDeviceID: true,
		UnsupportedRequests: config.UnsupportedLegacy, FirstInterfaceIndex: 1, NetworkStatus: config.StatusNever,
		Events: false, LegacyNetworks: true, AuxiliaryChain: "aux",
		Log: config.Log{Level: "info", File: "/l", JSON: true},
	}
	for _, c := range []config.Config{c, withClusterNetwork(c)} {
		got, err := json.MarshalIndent(c, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, parse(t, string(got))); diff != "" {
			t.Errorf("it comes back otherwise (-written +read):\n%s\n%s", diff, got)
		}
	}
}

// withClusterNetwork has the fields that exclude the others.
func withClusterNetwork(c config.Config) config.Config {
	c.Delegates, c.ClusterNetwork = nil, "net"
	c.ValidAttachments = []config.Attachment{{ContainerID: "c", IfName: "eth0"}}
	c.Log.Compress, c.Log.MaxAge, c.Log.MaxSize, c.Log.MaxBackups = true, 48*time.Hour, 3<<20, 7
	return c
}

func TestMarshalOfWhatNobodyFilledIn(t *testing.T) {
	got, err := json.Marshal(config.Config{Name: "n", Kubeconfig: "/k", Events: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changed(func(*config.Config) {}), parse(t, string(got))); diff != "" {
		t.Errorf("it comes back otherwise (-default +read):\n%s", diff)
	}
}

func TestMarshalChangesNothing(t *testing.T) {
	c := changed(func(*config.Config) {})
	if _, err := json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changed(func(*config.Config) {}), c); diff != "" {
		t.Errorf("marshalling changed it (-before +after):\n%s", diff)
	}
}

package config_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/netconf"
)

// parse reads a configuration that is right.
func parse(t *testing.T, conf string) config.Config {
	t.Helper()
	c, err := config.Parse([]byte(conf))
	cnitest.Must(t, err)
	return c
}

// changed is the default configuration named n, with changes.
func changed(change func(c *config.Config)) config.Config {
	c := config.Default()
	c.Name, c.Kubeconfig = "n", "/k"
	change(&c)
	return c
}

// with is a configuration that only lacks the given members.
func with(members string) string { return `{"name":"n","kubeconfig":"/k",` + members + `}` }

func list(t *testing.T, conf string) netconf.List {
	t.Helper()
	l, _, err := netconf.Parse([]byte(conf), "")
	cnitest.Must(t, err)
	return l
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		conf string
		want func(c *config.Config)
	}{
		"defaults":         {`{"name":"n","kubeconfig":"/k"}`, func(*config.Config) {}},
		"null is absent":   {with(`"capabilities":null,"binDir":null,"events":null,"logOptions":null,"delegates":null,"prevResult":null,"cni.dev/attachments":null`), func(*config.Config) {}},
		"empty is absent":  {with(`"cniVersion":"","type":"","clusterNetwork":"","binDir":"","confDir":"","globalNamespaces":"","logLevel":"","readinessTimeout":"","delegates":[]`), func(*config.Config) {}},
		"version and type": {with(`"cniVersion":"1.1.0","type":"multus-shim"`), func(c *config.Config) { c.CNIVersion, c.Type = "1.1.0", "multus-shim" }},
		"capabilities":     {with(`"capabilities":{"ips":true,"mac":false}`), func(c *config.Config) { c.Capabilities = map[string]bool{"ips": true, "mac": false} }},
		"what the runtime adds": {with(`"runtimeConfig":{"IPS":[9007199254740993],"x":null},"prevResult":{"ips":[]}`), func(c *config.Config) {
			c.Runtime = map[string]json.RawMessage{"IPS": json.RawMessage(`[9007199254740993]`), "x": json.RawMessage("null")}
			c.PrevResult = json.RawMessage(`{"ips":[]}`)
		}},
		"networks by name": {with(`"clusterNetwork":"default.net","defaultNetworks":["a","/etc/b.conf"],"systemNamespaces":[],"multusNamespace":"multus"`), func(c *config.Config) {
			c.ClusterNetwork, c.DefaultNetworks = "default.net", []string{"a", "/etc/b.conf"}
			c.SystemNamespaces, c.MultusNamespace = []string{}, "multus"
		}},
		"cluster network alone": {`{"name":"n","clusterNetwork":"/etc/cni/net.d"}`, func(c *config.Config) { c.Kubeconfig, c.ClusterNetwork = "", "/etc/cni/net.d" }},
		"folders": {with(`"confDir":"/c","cniDir":"/s","binDir":"/b","readinessIndicatorFile":"/r"`), func(c *config.Config) {
			c.ConfDir, c.CNIDir, c.BinDir, c.ReadinessFile = netconf.Dir{"/c"}, "/s", []string{"/b"}, "/r"
		}},
		"several folders": {with(`"confDir":["/c","/d"],"binDir":["/a","/b"]`), func(c *config.Config) {
			c.ConfDir, c.BinDir = netconf.Dir{"/c", "/d"}, []string{"/a", "/b"}
		}},
		"durations": {with(`"readinessTimeout":"1m30s","apiTimeout":"500ms","delegateTimeout":"1h"`), func(c *config.Config) {
			c.ReadinessTimeout, c.APITimeout, c.DelegateTimeout = 90*time.Second, 500*time.Millisecond, time.Hour
		}},
		"permissions": {with(`"namespaceIsolation":true,"globalNamespaces":" a, b-2 ","allowedPlugins":["macvlan","host-local"],"allowPodDeviceID":true`), func(c *config.Config) {
			c.NamespaceIsolation, c.AllowPodDeviceID = true, true
			c.GlobalNamespaces, c.AllowedPlugins = []string{"a", "b-2"}, []string{"macvlan", "host-local"}
		}},
		"namespaces as a list": {with(`"globalNamespaces":["a","b"]`), func(c *config.Config) { c.GlobalNamespaces = []string{"a", "b"} }},
		"empty namespaces count as not there": {with(`"globalNamespaces":"a, ,b,","systemNamespaces":["","kube-system"],"defaultNetworkNamespaces":"ovn-kubernetes,"`), func(c *config.Config) {
			c.GlobalNamespaces, c.SystemNamespaces, c.DefaultNetworkNamespaces = []string{"a", "b"}, []string{"kube-system"}, []string{"ovn-kubernetes"}
		}},
		"white space in lists": {with(`"allowedPlugins":["macvlan"," bridge"],"binDir":"/b ","systemNamespaces":[" ","a "]`), func(c *config.Config) {
			c.AllowedPlugins, c.BinDir, c.SystemNamespaces = []string{"macvlan", "bridge"}, []string{"/b"}, []string{"a"}
		}},
		"unsupported requests": {with(`"unsupportedRequests":"fail"`), func(c *config.Config) { c.UnsupportedRequests = config.UnsupportedFail }},
		"ways to behave": {with(`"unsupportedRequests":"Legacy","firstInterfaceIndex":1,"networkStatus":"additional","events":false,"legacyNetworks":true,"auxiliaryCNIChainName":"aux"`), func(c *config.Config) {
			c.UnsupportedRequests, c.FirstInterfaceIndex, c.NetworkStatus = config.UnsupportedLegacy, 1, config.StatusAdditional
			c.Events, c.LegacyNetworks, c.AuxiliaryChain = false, true, "aux"
		}},
		"log": {with(`"logLevel":"debug","logFile":"/var/log/multus.log","logToStderr":false,"logFormat":"json","logOptions":{"maxAge":1,"maxSize":2,"maxBackups":0,"compress":false}`), func(c *config.Config) {
			c.Log = config.Log{Level: "debug", File: "/var/log/multus.log", JSON: true, MaxAge: 24 * time.Hour, MaxSize: 2 << 20}
		}},
		"some log options": {with(`"logOptions":{"maxSize":0}`), func(c *config.Config) { c.Log.MaxSize = 0 }},
		"verbose is info":  {with(`"logLevel":"verbose"`), func(c *config.Config) { c.Log.Level = "info" }},
		"older name":       {with(`"log_level":"Error"`), func(c *config.Config) { c.Log.Level = "error" }},
		"both names agree": {with(`"logLevel":"error","log_level":"error"`), func(c *config.Config) { c.Log.Level = "error" }},
		"without effect":   {with(`"retryDeleteOnError":true`), func(*config.Config) {}},
		"every case of keys": {`{"NAME":"n","KubeConfig":"/k","logfile":"/l","LOGTOSTDERR":false,"LogOptions":{"MAXAGE":1},"Events":false}`, func(c *config.Config) {
			c.Log.File, c.Log.ToStderr, c.Log.MaxAge, c.Events = "/l", false, 24*time.Hour, false
		}},
		"unknown keys": {with(`"foo":1,"logOptions":{"maxage2":1}`), func(c *config.Config) {
			c.Warnings = []string{`key "foo" is unknown and ignored`, `key "logOptions.maxage2" is unknown and ignored`}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(changed(tt.want), parse(t, tt.conf)); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseDelegates(t *testing.T) {
	const a, b, c = `{"cniVersion":"1.0.0","name":"a","plugins":[{"type":"x","n":9007199254740993,"S":"<&>é"}]}`, `{"name":"b","type":"y"}`, `{"type":"z","MASTER":true}`
	marked := func(key, conf string) string { return `{"` + key + `":true,` + conf[1:] }
	named := `{"type":"z","MASTER":true,"name":"n"}`
	la, lb := config.Delegate{List: list(t, a)}, config.Delegate{List: list(t, b)}
	ln, _, err := netconf.Parse([]byte(c), "n")
	cnitest.Must(t, err)
	master := func(d config.Delegate) config.Delegate { d.Master = true; return d }
	tests := map[string]struct {
		delegates string
		want      []config.Delegate
	}{
		"one":               {a, []config.Delegate{la}},
		"none marked":       {a + "," + b, []config.Delegate{la, lb}},
		"first marked":      {marked("masterplugin", a) + "," + b, []config.Delegate{master(la), lb}},
		"last marked":       {a + "," + marked("masterplugin", b), []config.Delegate{master(lb), la}},
		"in another case":   {a + "," + marked("MasterPlugin", b), []config.Delegate{master(lb), la}},
		"marked false":      {`{"masterplugin":false,` + a[1:], []config.Delegate{la}},
		"name of the whole": {c, []config.Delegate{{List: ln}}},
		"name of its own":   {named, []config.Delegate{{List: list(t, named)}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := parse(t, `{"delegates":[`+tt.delegates+`],"name":"n"}`).Delegates
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("delegates (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("warnings", func(t *testing.T) {
		got := parse(t, `{"name":"n","delegates":[`+a+`,{"name":"b","type":"y","prevResult":{}}]}`).Warnings
		if diff := cmp.Diff([]string{`delegates: network "b": reserved key "prevResult" dropped`}, got); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
	})
}

func TestParseValidAttachments(t *testing.T) {
	const one, two = `[{"containerID":"c1","ifname":"eth0"}]`, `[{"containerID":"c2","ifname":"eth0"},{"containerID":"c2","ifname":"net0","more":1}]`
	first, second := []types.GCAttachment{{ContainerID: "c1", IfName: "eth0"}}, []types.GCAttachment{{ContainerID: "c2", IfName: "eth0"}, {ContainerID: "c2", IfName: "net0"}}
	tests := map[string]struct {
		members string
		want    []types.GCAttachment
	}{
		"absent":                     {`"events":true`, nil},
		"null":                       {`"cni.dev/valid-attachments":null`, nil},
		"older null":                 {`"cni.dev/attachments":null`, nil},
		"empty":                      {`"cni.dev/valid-attachments":[]`, []types.GCAttachment{}},
		"some":                       {`"cni.dev/valid-attachments":` + two, second},
		"older":                      {`"cni.dev/attachments":` + one, first},
		"newer wins":                 {`"cni.dev/attachments":` + one + `,"cni.dev/valid-attachments":` + two, second},
		"newer wins, though null":    {`"cni.dev/attachments":` + one + `,"cni.dev/valid-attachments":null`, nil},
		"newer wins, though a first": {`"cni.dev/valid-attachments":` + two + `,"cni.dev/attachments":` + one, second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parse(t, with(tt.members)).ValidAttachments); diff != "" {
				t.Errorf("valid attachments (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPodAnnotations(t *testing.T) {
	const key = `"io.kubernetes.cri.pod-annotations"`
	for runtime, want := range map[string]map[string]string{
		`{}`:                 nil,
		`{` + key + `:null}`: nil,
		`{` + key + `:{}}`:   {},
		`{` + key + `: {"a/b":"[{\"x\": 1}]","e":""}}`: {"a/b": `[{"x": 1}]`, "e": ""},
	} {
		if diff := cmp.Diff(want, parse(t, with(`"runtimeConfig":`+runtime)).PodAnnotations); diff != "" {
			t.Errorf("%s: annotations (-want +got):\n%s", runtime, diff)
		}
	}
}

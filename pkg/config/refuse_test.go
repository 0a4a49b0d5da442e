package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/fault"
)

func TestParseRefuses(t *testing.T) {
	const label = "is no name of a namespace; use at most 63 lower-case letters, digits and '-', with a letter or digit at both ends"
	const duration = `a duration such as "45s" or "2m" is expected`
	tests := map[string]struct{ conf, want string }{
		"no name":                    {`{"kubeconfig":"/k"}`, `name: is missing`},
		"name":                       {`{"name":"a/b","kubeconfig":"/k"}`, `name: "a/b": letters, digits, "_", "." and "-" are allowed, a letter or digit first`},
		"name's type":                {`{"name":[],"kubeconfig":"/k"}`, `name: a string is expected, found a list`},
		"no network":                 {`{"name":"n"}`, `clusterNetwork: no network at all: set it, or "delegates", or "kubeconfig"`},
		"its name misspelt":          {`{"name":"n","clusterNetwrok":"x"}`, `clusterNetwork: no network at all: set it, or "delegates", or "kubeconfig"; key "clusterNetwrok" is unknown and ignored`},
		"no delegates":               {`{"name":"n","delegates":[]}`, `clusterNetwork: no network at all: set it, or "delegates", or "kubeconfig"`},
		"two default networks":       {with(`"clusterNetwork":"a","delegates":[{"type":"x"}]`), `clusterNetwork: "delegates" are given too, and both name the default network; keep one of them`},
		"relative cluster network":   {with(`"clusterNetwork":"ns/a"`), `clusterNetwork: "ns/a": an absolute path is expected, or a name without a namespace: that is multusNamespace`},
		"relative file":              {with(`"clusterNetwork":"./a"`), `clusterNetwork: "./a": an absolute path is expected, or a name without a namespace: that is multusNamespace`},
		"cluster network's name":     {with(`"clusterNetwork":"..a"`), `clusterNetwork: "..a": letters, digits, "_", "." and "-" are allowed, a letter or digit first`},
		"default networks":           {with(`"defaultNetworks":["a","",5]`), "defaultNetworks: element 2: is empty; name a network\ndefaultNetworks: element 3: a string is expected, found a number"},
		"default networks' names":    {with(`"defaultNetworks":["a",""," ","b/c"]`), "defaultNetworks: element 2: is empty; name a network\ndefaultNetworks: element 3: is empty; name a network\ndefaultNetworks: element 4: \"b/c\": an absolute path is expected, or a name without a namespace: that is multusNamespace"},
		"kubeconfig":                 {with(`"KUBECONFIG":"k"`), `kubeconfig: is given as "kubeconfig" and as "KUBECONFIG"; keep one`},
		"relative kubeconfig":        {`{"name":"n","kubeconfig":"k"}`, `kubeconfig: "k": an absolute path is expected`},
		"path with a NUL":            {`{"name":"n","kubeconfig":"/k\u0000"}`, `kubeconfig: "/k\x00": an absolute path is expected`},
		"relative folders":           {with(`"confDir":"c","cniDir":"s","binDir":["/b","b"],"logFile":"l","readinessIndicatorFile":"r"`), "confDir: element 1: \"c\": an absolute path is expected\ncniDir: \"s\": an absolute path is expected\nbinDir: element 2: \"b\": an absolute path is expected\nlogFile: \"l\": an absolute path is expected\nreadinessIndicatorFile: \"r\": an absolute path is expected"},
		"folder's type":              {with(`"binDir":{}`), `binDir: a list is expected, found an object`},
		"given twice":                {with(`"events":true,"events":true`), `events: is given twice; keep one`},
		"unknown key twice":          {with(`"x":true,"x":true`), `x: is given twice; keep one`},
		"inner key twice":            {with(`"logOptions":{"maxAge":1,"MAXAGE":2}`), `logOptions: maxAge: is given as "maxAge" and as "MAXAGE"; keep one`},
		"namespaces":                 {with(`"multusNamespace":"Kube","systemNamespaces":["-a"],"globalNamespaces":"a,,b_c"`), "multusNamespace: \"Kube\" " + label + "\nsystemNamespaces: element 1: \"-a\" " + label + "\nglobalNamespaces: element 3: \"b_c\" " + label},
		"long namespace":             {with(`"multusNamespace":"` + strings.Repeat("a", 64) + `"`), `multusNamespace: "` + strings.Repeat("a", 64) + `" ` + label},
		"durations":                  {with(`"readinessTimeout":"0s","apiTimeout":"-1s","delegateTimeout":"5"`), fmt.Sprintf("readinessTimeout: \"0s\": %[1]s, more than zero\napiTimeout: \"-1s\": %[1]s, more than zero\ndelegateTimeout: \"5\": %[1]s, more than zero", duration)},
		"duration's type":            {with(`"readinessTimeout":45`), `readinessTimeout: 45: ` + duration + `, more than zero`},
		"switch":                     {with(`"events":"false"`), `events: true or false is expected, found a string`},
		"empty strings":              {with(`"namespaceIsolation":"","allowedPlugins":"","firstInterfaceIndex":""`), "namespaceIsolation: true or false is expected, found a string\nallowedPlugins: a list is expected, found a string\nfirstInterfaceIndex: \"\": a whole number from 0 to 1000 is expected"},
		"plugins":                    {with(`"allowedPlugins":["/bin/sh"]`), `allowedPlugins: element 1: "/bin/sh": the bare name of a plugin's binary is expected, without a path`},
		"choice":                     {with(`"unsupportedRequests":"x","networkStatus":"y"`), "unsupportedRequests: \"x\": one of verify, fail, legacy is expected\nnetworkStatus: \"y\": one of always, additional, never is expected"},
		"index below":                {with(`"firstInterfaceIndex":-1`), `firstInterfaceIndex: -1: a whole number from 0 to 1000 is expected`},
		"index above":                {with(`"firstInterfaceIndex":1001`), `firstInterfaceIndex: 1001: a whole number from 0 to 1000 is expected`},
		"chain's name":               {with(`"auxiliaryCNIChainName":"../x"`), `auxiliaryCNIChainName: "../x": letters, digits, "_", "." and "-" are allowed, a letter or digit first`},
		"log level":                  {with(`"logLevel":"loud"`), `logLevel: "loud": one of panic, error, warning, info, verbose, debug is expected`},
		"log levels that differ":     {with(`"logLevel":"info","log_level":"debug"`), `logLevel: "info", but "log_level" is "debug"; keep one of them`},
		"log format":                 {with(`"logFormat":"xml"`), `logFormat: "xml": one of text, json is expected`},
		"log options":                {with(`"logOptions":{"maxAge":-1,"maxSize":"1","maxBackups":1e2,"compress":1}`), "logOptions: maxAge: -1: a whole number from 0 to 36500 is expected\nlogOptions: maxSize: \"1\": a whole number from 0 to 1048576 is expected\nlogOptions: maxBackups: 1e2: a whole number from 0 to 10000 is expected\nlogOptions: compress: true or false is expected, found a number"},
		"log options' type":          {with(`"logOptions":[]`), `logOptions: an object is expected, found a list`},
		"capabilities":               {with(`"capabilities":{"ips":"true"}`), `capabilities: ips: true or false is expected, found a string`},
		"capability twice":           {with(`"capabilities":{"ips":true,"ips":false}`), `capabilities: ips: is given twice; keep one`},
		"runtime's values":           {with(`"runtimeConfig":[]`), `runtimeConfig: an object is expected, found a list`},
		"runtime's annotations":      {with(`"runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"a":1}}`), `runtimeConfig: io.kubernetes.cri.pod-annotations: a: a string is expected, found a number`},
		"runtime's annotations' too": {with(`"runtimeConfig":{"io.kubernetes.cri.pod-annotations":"x"}`), `runtimeConfig: io.kubernetes.cri.pod-annotations: an object is expected, found a string`},
		"result":                     {with(`"prevResult":1`), `prevResult: an object is expected, found a number`},
		"valid attachments":          {with(`"cni.dev/valid-attachments":{}`), `cni.dev/valid-attachments: a list is expected, found an object`},
		"valid attachment":           {with(`"cni.dev/valid-attachments":[5]`), `cni.dev/valid-attachments: element 1: an object is expected, found a number`},
		"valid attachment's half":    {with(`"cni.dev/attachments":[{"containerID":"x"}]`), `cni.dev/attachments: element 1: containerID and ifname are expected, both strings`},
		"valid attachment's type":    {with(`"cni.dev/attachments":[{"containerID":5,"ifname":"x"}]`), `cni.dev/attachments: element 1: containerID and ifname are expected, both strings`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { refused(t, tt.conf, tt.want) })
	}
}

// refused wants exactly that error, of a configuration with something wrong in it.
func refused(t *testing.T, conf, want string) {
	t.Helper()
	c, err := config.Parse([]byte(conf))
	if err == nil {
		t.Fatalf("accepted as %+v", c)
	}
	var faults []string
	for _, f := range fault.All(err) {
		faults = append(faults, f.Error())
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), faults); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if errors.Is(err, config.ErrNotConfiguration) || errors.Is(err, config.ErrIncompatibleVersion) {
		t.Errorf("the error is of another kind: %v", err)
	}
}

func TestParseRefusesDelegates(t *testing.T) {
	tests := map[string]struct{ delegates, want string }{
		"empty string":    {`""`, `delegates: a list is expected, found a string`},
		"no list":         {`{}`, `delegates: a list is expected, found an object`},
		"no object":       {`["x"]`, `delegates: element 1: an object is expected, found a string`},
		"no plugin":       {`[{"type":"x"},{}]`, `delegates: element 2: neither "plugins" (a list) nor "type" (a plugin) names one: no plugins in the network configuration`},
		"several faults":  {`[{"name":"/","plugins":[{"type":""}]}]`, "delegates: element 1: name: \"/\": letters, digits, \"_\", \".\" and \"-\" are allowed, a letter or digit first\ndelegates: element 1: plugins[0]: type: \"\": the bare name of a plugin's binary is expected, without a path"},
		"two masters":     {`[{"type":"x","masterplugin":true},{"type":"y"},{"type":"z","masterPlugin":true}]`, `delegates: "masterplugin" is true in elements 1 and 3; one network is the default`},
		"master's type":   {`[{"type":"x","masterplugin":"true"}]`, `delegates: element 1: masterplugin: true or false is expected, found a string`},
		"master twice":    {`[{"type":"x","masterplugin":true,"MasterPlugin":false}]`, `delegates: element 1: masterplugin: is given as "masterplugin" and as "MasterPlugin"; keep one`},
		"key twice":       {`[{"type":"x","type":"y"}]`, `delegates: element 1: type: is given twice; keep one`},
		"multus":          {`[{"type":"multus"}]`, `delegates: element 1: its plugin is "multus": Multus would run itself without end; use another plugin`},
		"its own type":    {`[{"plugins":[{"type":"x"},{"type":"shim"}]}]`, `delegates: element 1: its plugin is "shim": Multus would run itself without end; use another plugin`},
		"multus for IPAM": {`[{"type":"x","ipam":{"type":"multus"}}]`, `delegates: element 1: its plugin is "multus": Multus would run itself without end; use another plugin`},
		"version":         {`[{"type":"x","cniVersion":"9"}]`, `delegates: element 1: cniVersion: "9": the supported versions are 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, `{"name":"n","type":"shim","delegates":`+tt.delegates+`}`, tt.want)
		})
	}
}

func TestParseNoConfiguration(t *testing.T) {
	for name, conf := range map[string]string{
		"nothing": "", "white space": " \n", "text": "multus", "a list": "[]", "null": "null", "cut off": `{"name":"n"`,
		"trailing text": with(`"events":true`) + "x", "two objects": with(`"events":true`) + "{}", "YAML": "name: n\n",
		"version a number": with(`"cniVersion":1.0`), "version null": with(`"cniVersion":null`), "version in another case": with(`"CNIVERSION":[]`),
		"too long": with(`"x":"` + strings.Repeat("x", config.MaxSize) + `"`), "too deep": with(`"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000)),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := config.Parse([]byte(conf)); !errors.Is(err, config.ErrNotConfiguration) {
				t.Errorf("error %v, want ErrNotConfiguration", err)
			}
		})
	}
}

func TestParseIncompatibleVersion(t *testing.T) {
	for _, version := range []string{"1.1", "2.0.0", "v1.0.0", " 1.0.0", strings.Repeat("1", 100_000)} {
		t.Run(fmt.Sprintf("%.10s", version), func(t *testing.T) {
			c, err := config.Parse([]byte(`{"name":"n","events":5,"cniVersion":"` + version + `"}`))
			if !errors.Is(err, config.ErrIncompatibleVersion) {
				t.Fatalf("error %v, want ErrIncompatibleVersion", err)
			}
			if msg := err.Error(); len(msg) > 1000 || !strings.Contains(msg, version[:3]) || !strings.Contains(msg, "0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0") {
				t.Errorf("error %q names not both sides", msg)
			}
			if c.CNIVersion != version || c.Name != "n" {
				t.Errorf("version %.20q, name %q beside the error", c.CNIVersion, c.Name)
			}
		})
	}
}

func TestParseTellsWhatItCould(t *testing.T) {
	c, err := config.Parse([]byte(`{"events":5,"logFile":"/l","cniVersion":"1.0.0","logLevel":"x","name":"n","apiTimeout":"3s"}`))
	if err == nil {
		t.Fatal("accepted")
	}
	if c.CNIVersion != "1.0.0" || c.Name != "n" || c.Log.File != "/l" || c.APITimeout.Seconds() != 3 || !c.Events {
		t.Errorf("beside the error: %+v", c)
	}
}

func TestParseKeepsMessagesShort(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	many := ""
	for i := range 1000 {
		many += fmt.Sprintf(`"%s%d":1,"%d%s":1,`, long[:200], i, i, long[:200])
	}
	c, err := config.Parse([]byte(`{` + many + `"name":"n","kubeconfig":"/k"}`))
	if err != nil || len(c.Warnings) > 33 || len(strings.Join(c.Warnings, "\n")) > 8000 {
		t.Errorf("%d warnings, error %v", len(c.Warnings), err)
	}
	_, err = config.Parse([]byte(`{"name":"n","allowedPlugins":["` + strings.Repeat(long+`/","`, 90) + `"]}`))
	if err == nil || len(err.Error()) > 4096 || !strings.HasSuffix(err.Error(), " more") {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
}

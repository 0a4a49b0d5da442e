package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// FuzzValidate checks and explains whatever the files hold. What is valid can be
// explained.
func FuzzValidate(f *testing.F) {
	const nad = "kind: NetworkAttachmentDefinition\napiVersion: k8s.cni.cncf.io/v1\nmetadata: {name: a}\nspec: {config: '%s'}\n---\n"
	const pod = "kind: Pod\napiVersion: v1\nmetadata: {name: p, annotations: {k8s.v1.cni.cncf.io/networks: '%s', v1.multus-cni.io/default-network: '%s'}}\n---\n"
	for _, config := range []string{`{"type":"b"}`, `{"type":"b","capabilities":{"ips":true}}`, ``, `{`, `{"type":"multus"}`, `{"plugins":[]}`, `{"type":"../x"}`} {
		for _, networks := range []string{`a`, `a,default/a@x`, `[{"name":"a","ips":["10.0.0.1"]}]`, `[{"name":"A"},{"ips":7}]`, `b`, ``} {
			f.Add(fmt.Sprintf(nad+pod, config, networks, "default/a"))
			f.Add(fmt.Sprintf(nad+pod, config, networks, ""))
		}
	}
	f.Add(older(`[{"name":"bare"},{"name":"list"}]`))
	f.Add(`{"type":"multus","name":"m","kubeconfig":"/k","clusterNetwork":"a","namespaceIsolation":true}`)
	f.Add(`{"type":"multus","name":"m","delegates":[{"type":"a"}],"defaultNetworks":["/x","y"],"allowedPlugins":["a"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var checked, explained, complaints bytes.Buffer
		valid := commandLine(t.Context(), streams{in: strings.NewReader(text), out: &checked, err: &complaints}, []string{"validate", "--strict", "-f", "-"})
		explainable := commandLine(t.Context(), streams{in: strings.NewReader(text), out: &explained, err: &complaints}, []string{"explain", "-f", "-"})
		if valid != exitOK && valid != exitFailed || checked.Len() == 0 {
			t.Errorf("validate: exit code %d: %s", valid, &checked)
		}
		if valid == exitOK && !strings.Contains(checked.String(), "no faults") {
			t.Errorf("validate is content with faults: %s", &checked)
		}
		if valid == exitOK && explainable != exitOK && !strings.Contains(complaints.String(), "no pods in the files") {
			t.Errorf("validate is content with what explain refuses: %s%s", &explained, &complaints)
		}
		if explainable == exitOK && explained.Len() == 0 {
			t.Errorf("explain shows nothing for %q", text)
		}
		if strings.Contains(checked.String()+explained.String(), "\n\n\n") {
			t.Errorf("empty lines in %s%s", &checked, &explained)
		}
	})
}

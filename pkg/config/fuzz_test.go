package config_test

import (
	"bytes"
	"testing"

	"github.com/multus-cni/multus/pkg/config"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"cniVersion":"1.1.0","name":"n","type":"multus","kubeconfig":"/k","capabilities":{"ips":true}}`,
		`{"NAME":"n","delegates":[{"masterplugin":true,"type":"x","n":9007199254740993},{"MasterPlugin":false,"plugins":[{"type":"y"}]}]}`,
		`{"name":"n","clusterNetwork":"/etc/cni/net.d","LogOptions":{"MAXAGE":1,"maxSize":1e9},"log_level":"verbose","logLevel":"info"}`,
		`{"name":"n","kubeconfig":"/k","globalNamespaces":" a,b","binDir":["/b"],"apiTimeout":"1h0.5s","readinessTimeout":"9223372036854775807ns"}`,
		`{"name":"n","kubeconfig":"/k","cni.dev/valid-attachments":null,"cni.dev/attachments":[{"containerID":"c","ifname":"eth0"}]}`,
		`{"name":"n","kubeconfig":"/k","runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"a":"b"},"x":null},"prevResult":{}}`,
		`{"cniVersion":1}`, `{"cniVersion":"1.1"}`, `{"name":"n","name":"m"}`, `{"lo\u0067Level":"x"}`, `{}`, `[]`, `{`, ``, "\xff", `{"events":nul}`, `# {}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, conf []byte) {
		before := bytes.Clone(conf)
		c, err := config.Parse(conf)
		if !bytes.Equal(before, conf) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			if len(err.Error()) > 1<<16 {
				t.Fatalf("error of %d bytes", len(err.Error()))
			}
			if c.CNIVersion == "" {
				t.Fatalf("no version to answer in beside the error %v", err)
			}
			return
		}
		if c.ReadinessTimeout <= 0 || c.APITimeout <= 0 || c.DelegateTimeout <= 0 {
			t.Fatalf("timeouts of %+v", c)
		}
	})
}

package config_test

import (
	"testing"

	"github.com/multus-cni/multus/pkg/config"
)

func TestOptions(t *testing.T) {
	bools := map[string]bool{}
	for _, o := range config.Options() {
		bools[o.Key] = o.Bool
	}
	for key, want := range map[string]bool{"namespaceIsolation": true, "events": true, "apiTimeout": false, "globalNamespaces": false, "logOptions": false, "firstInterfaceIndex": false} {
		if got, known := bools[key]; !known || got != want {
			t.Errorf("%s: bool %t, known %t", key, got, known)
		}
	}
	for _, key := range []string{"cniVersion", "prevResult", "cni.dev/attachments", "delegates"} {
		if _, known := bools[key]; known {
			t.Errorf("%s is nothing that people set", key)
		}
	}
}

func TestValue(t *testing.T) {
	for _, tt := range []struct{ key, text, want string }{
		{"namespaceIsolation", "true", `true`},
		{"namespaceIsolation", "yes", `"yes"`}, // refused later, with the key
		{"globalNamespaces", "a,b", `"a,b"`},
		{"globalNamespaces", `["a"]`, `["a"]`},
		{"defaultNetworks", "a,b", `["a","b"]`},
		{"allowedPlugins", "bridge", `["bridge"]`},
		{"firstInterfaceIndex", "1", `1`},
		{"multusNamespace", "1", `"1"`},
		{"logOptions", `{"maxAge":1}`, `{"maxAge":1}`},
		{"apiTimeout", "5s", `"5s"`},
		{"unknown", "5", `5`},
	} {
		if got := string(config.Value(tt.key, tt.text)); got != tt.want {
			t.Errorf("%s=%s: %s, want %s", tt.key, tt.text, got, tt.want)
		}
	}
}

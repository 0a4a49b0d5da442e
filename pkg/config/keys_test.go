package config

import (
	"os"
	"strings"
	"testing"
)

func TestEveryKeyIsDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{masterKey: true}
	r := reader{conf: Default()}
	for key := range r.keys() {
		known[key] = true
	}
	_, table, _ := strings.Cut(string(data), "## All keys")
	table, rest, _ := strings.Cut(table, "\n## ")
	for key := range known {
		if !strings.Contains(table, "`"+key+"`") {
			t.Errorf("key %s is not in the table of docs/configuration.md", key)
		}
		if key != "retryDeleteOnError" && !strings.Contains(rest, "`"+key) && !strings.Contains(rest, `"`+key) {
			t.Errorf("key %s is not explained in docs/configuration.md", key)
		}
	}
	for _, row := range strings.Split(table, "\n| ")[1:] {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(row, "["), "`"), "`")
		if !strings.HasPrefix(row, "key ") && !known[name] {
			t.Errorf("docs/configuration.md has key %s, which is not read", name)
		}
	}
}

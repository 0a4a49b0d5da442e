package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// LegacyConfig is the network configuration that an older kubernetes.com/v1
// Network object describes: plugin is the type, args a JSON object with the rest
// of the configuration, or a list of one such object. The text of args is kept,
// so that numbers, order and spelling reach the plugin as they were written.
func LegacyConfig(plugin, args string) (string, error) {
	if plugin == "" || strings.ContainsAny(plugin, "/\x00") || plugin == "." || plugin == ".." {
		return "", fmt.Errorf("plugin: %q is no plugin type; the name of the plugin's binary is expected", plugin)
	}
	conf, err := legacyArgs(args)
	if err != nil {
		return "", fmt.Errorf("args: %w", err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(conf, &members); err != nil || members == nil {
		return "", fmt.Errorf("args: not a JSON object, and not a list of one")
	}
	kind, _ := json.Marshal(plugin)
	given, ok := members["type"]
	if !ok {
		return withType(conf, kind, len(members) == 0), nil
	}
	var named string
	if err := json.Unmarshal(given, &named); err != nil || named != plugin {
		return "", fmt.Errorf("args: type %s contradicts plugin %q; leave the type out", given, plugin)
	}
	return string(conf), nil
}

// legacyArgs is the one configuration in args.
func legacyArgs(args string) (json.RawMessage, error) {
	text := bytes.TrimSpace([]byte(args))
	if len(text) == 0 {
		return json.RawMessage("{}"), nil
	}
	var raw json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("no JSON: %w", err)
	}
	if text[0] != '[' {
		return text, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("a list of %d configurations, where one is expected", len(list))
	}
	return bytes.TrimSpace(list[0]), nil
}

// withType writes the type as the object's first member.
func withType(object, kind []byte, alone bool) string {
	rest := string(object[1:])
	if alone {
		return `{"type":` + string(kind) + rest
	}
	return `{"type":` + string(kind) + "," + rest
}

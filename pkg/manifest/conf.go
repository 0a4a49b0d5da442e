package manifest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// configuration takes a document that is no Kubernetes object: Multus's own
// configuration, alone or as the plugin of a list.
func (l *loader) configuration(d document, raw json.RawMessage) {
	conf, name, err := multusConf(raw)
	if err != nil {
		l.fault(fmt.Errorf("%s: %w", d.place, err))
		return
	}
	if conf == nil {
		l.fault(fmt.Errorf("%s: neither a Kubernetes object (apiVersion and kind are missing) "+
			"nor a multus configuration (\"type\": \"multus\")", d.place))
		return
	}
	l.fault(l.addConf(Object{Name: name, Place: d.place, JSON: conf}))
}

// configMap takes the configuration out of a ConfigMap, if one is there.
func (l *loader) configMap(o read) error {
	data, err := o.fields.object("data")
	if err != nil {
		return err
	}
	found := false
	for _, key := range keysOf(data) {
		text, err := data.text(key)
		if err != nil {
			return fmt.Errorf("data.%w", err)
		}
		raw := json.RawMessage(text)
		if !json.Valid(raw) {
			// Most values of most ConfigMaps are neither JSON nor YAML.
			if raw, err = yaml.YAMLToJSONStrict([]byte(text)); err != nil {
				continue
			}
		}
		conf, name, err := multusConf(raw)
		if err != nil || conf == nil {
			continue
		}
		found = true
		if err := l.addConf(Object{Name: name, Place: o.Place, JSON: conf}); err != nil {
			return fmt.Errorf("data.%s: %w", key, err)
		}
	}
	if !found {
		l.warn("%s: left out: no value of it is a multus configuration", o.Object)
	}
	return nil
}

func keysOf(f fields) []string {
	keys := make([]string, 0, len(f))
	for key := range f {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (l *loader) addConf(o Object) error {
	if l.objects.conf != nil {
		return fmt.Errorf("%s: the second; the first is at %s", o, l.objects.conf.Place)
	}
	l.objects.conf = &o
	l.objects.all = append(l.objects.all, o)
	return nil
}

// multusConf is the Multus configuration that raw is, or that the list raw holds;
// nil where it is neither.
func multusConf(raw json.RawMessage) (conf json.RawMessage, name string, err error) {
	obj, err := fieldsOf(raw)
	if err != nil {
		return nil, "", nil //nolint:nilerr // it is something else
	}
	name, err = obj.text("name")
	if err != nil {
		return nil, "", err
	}
	if ours(obj) {
		return raw, name, nil
	}
	if !obj.has("plugins") {
		return nil, "", nil
	}
	plugins, err := obj.list("plugins")
	if err != nil {
		return nil, "", err
	}
	for i, p := range plugins {
		plugin, err := fieldsOf(p)
		if err != nil {
			return nil, "", fmt.Errorf("plugins[%d]: %w", i, err)
		}
		if ours(plugin) {
			conf, err := fromList(obj, plugin)
			return conf, name, err
		}
	}
	return nil, "", nil
}

// ours tells Multus's configuration from other plugins'.
func ours(plugin fields) bool {
	kind, err := plugin.text("type")
	if err != nil || plugin.has("kind") || plugin.has("apiVersion") {
		return false
	}
	return kind == "multus" || strings.HasPrefix(kind, "multus-")
}

// fromList is the plugin as a runtime would hand it over.
func fromList(list, plugin fields) (json.RawMessage, error) {
	whole := make(fields, len(plugin)+2)
	for key, value := range plugin {
		whole[key] = value
	}
	for _, key := range []string{"cniVersion", "name"} {
		if list.has(key) {
			whole[key] = list[key]
		}
	}
	return json.Marshal(whole)
}

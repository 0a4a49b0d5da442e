package manifest

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/rawjson"
)

// configuration takes a document that is no Kubernetes object: Multus's own
// configuration, alone or as the plugin of a list, or that of another network.
func (l *loader) configuration(v value) {
	raw, _ := v.json()
	if conf, found := multusConf(raw); found {
		l.addConf(v, conf)
		return
	}
	ext := filepath.Ext(v.doc.file)
	cni := v.at("cniVersion").node != nil || ext == ".conf" || ext == ".conflist"
	if cni && (v.at("plugins").node != nil || v.at("type").node != nil) {
		l.objects.all = append(l.objects.all, Object{
			Kind: KindFile, Name: v.at("name").scalar(), Place: v.place(), root: v, Config: Text{Value: string(raw), at: v},
		})
		return
	}
	v.fault("neither a Kubernetes object (apiVersion and kind are missing) nor a CNI configuration", "")
}

// configMap takes the configuration out of a ConfigMap, if one is there.
func (l *loader) configMap(o *Object) {
	data := o.root.object("data")
	taken := false
	for _, key := range data.keys() {
		text := data.text(key, "")
		inner := &document{file: o.root.doc.file, text: []byte(text.Value)}
		if strings.HasPrefix(strings.TrimSpace(text.Value), "{") && strings.Contains(text.Value, `"multus`) {
			checkJSON(text)
		}
		inner.parse()
		if len(inner.faults) > 0 { // most values of most ConfigMaps are neither JSON nor YAML
			continue
		}
		raw, _ := inner.root.json()
		if conf, found := multusConf(raw); found {
			taken = true
			l.addConf(text.at, conf)
		}
	}
	if !taken {
		l.skipped[o.Kind]++
	}
}

// addConf takes a configuration. The first counts; there is a second one only where
// directories have one each.
func (l *loader) addConf(v value, conf rawjson.Object) {
	all := l.objects.all
	if i := slices.IndexFunc(all, func(o Object) bool { return o.Kind == "" }); i >= 0 && !l.found {
		v.fault("the second multus configuration", "the first is at "+all[i].Place)
		return
	}
	name, _ := conf.Text("name")
	l.objects.all = append(all, Object{Name: name, Place: v.place(), root: v, Config: Text{Value: string(conf.JSON()), at: v}})
}

// multusConf is the Multus configuration that a document is, or that the list in
// it holds, as a runtime would hand it over.
func multusConf(raw json.RawMessage) (conf rawjson.Object, found bool) {
	list, err := rawjson.Parse(raw)
	if err != nil || ours(list) {
		return list, err == nil
	}
	value, _ := list.Value("plugins")
	plugins, _ := rawjson.Elements(value) // no list: something else
	for _, element := range plugins {
		plugin, err := rawjson.Nested(element)
		if err != nil || !ours(plugin) {
			continue
		}
		for _, key := range []string{"cniVersion", "name"} {
			if value, given := list.Value(key); given {
				plugin = plugin.With(key, value)
			}
		}
		return plugin, true
	}
	return rawjson.Object{}, false
}

// ours tells Multus's configuration from other plugins'.
func ours(plugin rawjson.Object) bool {
	kind, _ := plugin.Text("type")
	return kind == "multus" || strings.HasPrefix(kind, "multus-")
}

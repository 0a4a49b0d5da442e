package netconf

import (
	"encoding/json"

	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Kind is rawjson.Kind.
func Kind(value json.RawMessage) string { return rawjson.Kind(value) }

// ValidName is name.Network.
func ValidName(s string) bool { return name.Network(s) == nil }

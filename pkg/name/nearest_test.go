package name

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"interface", "ips", "default-route", "NetworkAttachmentDefinition"}
	for want, near := range map[string]string{
		"interfaces":                   "interface",
		"defaultroute":                 "default-route",
		"NetworkAttachementDefinition": "NetworkAttachmentDefinition",
		"ip":                           "ips",
		"vlan":                         "",
		"Network":                      "",
	} {
		if got := Nearest(want, names); got != near {
			t.Errorf("%s: %q, not %q", want, got, near)
		}
	}
}

package deployments_test

import (
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/multus-cni/multus/pkg/netconf"
)

// rules are the CEL rules of the kind NetworkAttachmentDefinition.
func rules(t *testing.T) func(config string) error {
	t.Helper()
	crd := typed[*apiextensionsv1.CustomResourceDefinition](t, read(t, deployments+"/base/crd/network-attachment-definitions.yaml"))[0]
	var props apiextensions.JSONSchemaProps
	must(t, apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &props, nil))
	structural, err := schema.NewStructural(&props)
	must(t, err)
	validator := cel.NewValidator(structural, true, celconfig.PerCallLimit)
	return func(config string) error {
		object := map[string]any{"spec": map[string]any{"config": config}}
		errs, _ := validator.Validate(t.Context(), nil, structural, object, nil, celconfig.RuntimeCELCostBudget)
		return errs.ToAggregate()
	}
}

// TestRulesOfTheKind: a definition that multus takes is never refused, and what cannot
// be one is told to its author.
func TestRulesOfTheKind(t *testing.T) {
	check := rules(t)
	for config, fine := range map[string]bool{
		"":                                  true,
		"\n\t {\"type\": \"macvlan\"} \r\n": true,
		`{"name":"x","plugins":[{"type":"bridge"}]}`: true,
		`{"t\u0079pe":"bridge"}`:                     true,
		`[{"type":"bridge"}]`:                        false,
		`"{\"type\":\"bridge\"}"`:                    false,
		`{"cniVersion":"1.0.0"}`:                     false,
		`type: bridge`:                               false,
		`{"type":"bridge"`:                           false,
		`{"type":"` + strings.Repeat("a", netconf.MaxSize-20) + `"}`: true, // and no cost exceeded
	} {
		if err := check(config); (err == nil) != fine {
			t.Errorf("%.40q: %v, want fine %t", config, err, fine)
		}
		if _, _, err := netconf.Parse([]byte(config), "x"); err == nil && !fine {
			t.Errorf("%.40q is taken by multus", config)
		}
	}
}

// TestRulesAgreeWithScenarios: all that multus's own tests take as a configuration.
func TestRulesAgreeWithScenarios(t *testing.T) {
	check := rules(t)
	files, err := filepath.Glob("../../pkg/netconf/testdata/fuzz/*/*")
	must(t, err)
	plans, err := filepath.Glob("../../pkg/plan/testdata/*.txtar")
	if err != nil || len(plans) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	taken := 0
	for _, file := range append(files, plans...) {
		for line := range strings.SplitSeq(string(read(t, file)), "\n") {
			_, found, _ := strings.Cut(line, "config: ")
			for _, config := range []string{line, strings.Trim(strings.TrimSpace(found), "'")} {
				if _, _, err := netconf.Parse([]byte(config), "x"); err != nil {
					continue
				}
				taken++
				if err := check(config); err != nil {
					t.Errorf("%s: multus takes %s\n%v", file, config, err)
				}
			}
		}
	}
	if taken < 50 {
		t.Errorf("only %d configurations were found", taken)
	}
}

package netconf_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/netconf"
)

func TestMembersSaysWhatIsNoJSON(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":            {"", "a JSON object is expected, found nothing"},
		"white space":        {" \n\t", "a JSON object is expected, found nothing"},
		"hash comment":       {"{\n  # the bridge\n  \"type\": \"bridge\"\n}", "line 2, column 3: comments are not allowed in JSON"},
		"comment at the top": {"# bridge\n{}", "line 1, column 1: comments are not allowed in JSON"},
		"slash comment":      {"{\n  \"type\": \"bridge\" // x\n}", "line 2, column 20: comments are not allowed in JSON"},
		"block comment":      {"{/* x */}", "line 1, column 2: comments are not allowed in JSON"},
		"no comment":         {`{"a": /etc}`, "line 1, column 7: invalid character '/' looking for beginning of value"},
		"trailing comma":     {"{\n  \"é\": {\n    \"a\": \"é\",\n  }\n}", `line 4, column 3: trailing comma before "}"`},
		"comma in a list":    {"{\"a\":[1,2, ]}", `line 1, column 12: trailing comma before "]"`},
		"column in letters":  {`{"éé": x}`, "line 1, column 8: invalid character 'x' looking for beginning of value"},
		"YAML":               {"cniVersion: 1.0.0\nname: x\n", `line 1, column 1: a JSON object is expected, found "cniVersion: 1.0.0"; YAML is not accepted here`},
		"byte order mark":    {"\ufeff{}", "line 1, column 1: a JSON object is expected, found a byte order mark: save the text without it"},
		"single quotes":      {"{'a': 1}", `line 1, column 2: text stands in double quotes ("), not in single ones`},
		"cut off":            {"{\"a\":\n1", "line 2, column 2: the text ends in the middle of the JSON"},
		"two objects":        {"{}\n{}", "line 2, column 1: invalid character '{' after top-level value"},
		"trailing text":      {"{} x", "line 1, column 4: invalid character 'x' after top-level value"},
		"a list":             {"[{}]", "line 1, column 1: a JSON object is expected, found a list"},
		"a string":           {` "{}"`, "line 1, column 2: a JSON object is expected, found a string"},
		"null":               {"null", "line 1, column 1: a JSON object is expected, found null"},
		"true":               {"true", "line 1, column 1: a JSON object is expected, found true or false"},
		"a number":           {"17", "line 1, column 1: a JSON object is expected, found a number"},
		"Latin-1":            {"{\n\"a\": \"\xe9\"}", "line 2, column 7: text that is not UTF-8"},
		"NUL":                {"\x00", "line 1, column 1: a JSON object is expected, found \"\\x00\"; YAML is not accepted here"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			members, err := netconf.Members([]byte(tt.text))
			if err == nil {
				t.Fatalf("accepted as %v", members)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestObject(t *testing.T) {
	members, err := netconf.Members([]byte(`{"\u0061" : 1, "<" : [ ]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := netconf.Object(append(members, netconf.Member{Key: "<\"é\"&", Value: []byte("null")}))
	if diff := cmp.Diff(`{"\u0061":1,"<":[],"<\"é\"&":null}`, string(got)); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
	if got := string(netconf.Object(nil)); got != "{}" {
		t.Errorf("no members are %s", got)
	}
}

func TestMembers(t *testing.T) {
	got, err := netconf.Members([]byte(` { "b" : [ 1 , { "x" : "}]," } ] , "\u0061\"" : "\\" , "" : null , "t":true, "n":-1.5e3, "o":{} } `))
	if err != nil {
		t.Fatal(err)
	}
	var flat []string
	for _, m := range got {
		flat = append(flat, m.Key, string(m.Value))
	}
	want := []string{"b", `[1,{"x":"}],"}]`, `a"`, `"\\"`, "", "null", "t", "true", "n", "-1.5e3", "o", "{}"}
	if diff := cmp.Diff(want, flat); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

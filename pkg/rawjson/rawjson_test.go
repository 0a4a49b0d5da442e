package rawjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/rawjson"
)

func TestObjectsStayAsTheyWereWritten(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"order and white space", " {\"z\" : 1,\n\t\"a\":[ 1 , {} ] } ", `{"z":1,"a":[1,{}]}`},
		{"big and odd numbers", `{"n":9007199254740993,"f":1.10e+05,"z":-0}`, `{"n":9007199254740993,"f":1.10e+05,"z":-0}`},
		{"escapes of other encoders", `{"<\u0026>":"\u003c\u2028\u00e9é"}`, "{\"<&>\":\"<\u2028éé\"}"},
		{"empty", `{}`, `{}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := rawjson.Parse([]byte(tt.text))
			cnitest.Must(t, err)
			if got := string(o.JSON()); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			encoded, err := json.Marshal(o.JSON()) // escapes
			cnitest.Must(t, err)
			again, err := rawjson.Parse(encoded)
			if err != nil || string(again.JSON()) != tt.want {
				t.Errorf("after another encoder: %s, %v", again.JSON(), err)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	o, err := rawjson.Parse([]byte(`{"a":1,"B":2,"b":3,"c":{"d":4}}`))
	cnitest.Must(t, err)
	tests := []struct {
		name string
		got  rawjson.Object
		want string
	}{
		{"in its place, other spellings gone", o.With("b", json.RawMessage("9")), `{"a":1,"b":9,"c":{"d":4}}`},
		{"at the end", o.With("<x>", json.RawMessage("9")), `{"a":1,"B":2,"b":3,"c":{"d":4},"<x>":9}`},
		{"without", o.Without(func(key string) bool { return key == "B" }), `{"a":1,"b":3,"c":{"d":4}}`},
		{"merged, exact keys", o.Merge(rawjson.New(rawjson.Member{Key: "b", Value: json.RawMessage("0")}, rawjson.Member{Key: "A", Value: json.RawMessage("7")})), `{"a":1,"B":2,"b":0,"c":{"d":4},"A":7}`},
		{"unchanged itself", o, `{"a":1,"B":2,"b":3,"c":{"d":4}}`},
		{"zero", rawjson.Object{}.With("k", json.RawMessage("[]")), `{"k":[]}`},
	}
	for _, tt := range tests {
		if got := string(tt.got.JSON()); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if value, _ := o.Folded("b"); string(value) != "3" {
		t.Errorf("the last spelling counts, got %s", value)
	}
	if key, other := o.Variant("b"); !other || key != "B" {
		t.Errorf("variant %q", key)
	}
	if _, other := o.Variant("c"); other {
		t.Error("c has no variant")
	}
}

func TestSyntaxFaults(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", " \n", "line 2, column 1: a JSON object is expected, found nothing"},
		{"list", "[1]", "line 1, column 1: a JSON object is expected, found a list"},
		{"text", `"x"`, "line 1, column 1: a JSON object is expected, found a string"},
		{"number", `12`, "line 1, column 1: a JSON object is expected, found a number"},
		{"YAML", "a: b\nc: d", `line 1, column 1: a JSON object is expected, found "a: b"; YAML is not accepted here`},
		{"comment", "{\n  // x\n \"a\": 1}", "line 2, column 3: comments are not allowed in JSON"},
		{"hash", "{\"a\": 1 # x\n}", "line 1, column 9: comments are not allowed in JSON"},
		{"trailing comma", "{\"a\": 1,\n}", `line 1, column 8: trailing comma before "}"`},
		{"trailing comma in a list", `{"a": [1, ]}`, `line 1, column 9: trailing comma before "]"`},
		{"missing comma", "{\"a\": 1\n \"b\": 2}", `line 2, column 2: a comma or a colon is missing before "b"`},
		{"missing comma before text that never ends", `{"a": 1 "b: 2}`, `line 1, column 9: a comma or a colon is missing before "b: 2}`},
		{"what is no letter", "{\"a\": 1 \"\u009b\u202e\"}", "line 1, column 9: a comma or a colon is missing before \"\ufffd\ufffd\""},
		{"missing colon", `{"range" "10.9.0.0/24"}`, `line 1, column 10: a comma or a colon is missing before "10.9.0.0/24"`},
		{"single quotes", `{'a': 1}`, `line 1, column 2: text stands in double quotes ("), not in single ones`},
		{"cut off", `{"a": [1`, "line 1, column 9: the text ends in the middle of the JSON: a closing quote, brace or bracket is missing"},
		{"cut off in text", `{"a": "b`, "line 1, column 9: the text ends in the middle of the JSON: a closing quote, brace or bracket is missing"},
		{"byte order mark", "\ufeff{}", "line 1, column 1: a JSON object is expected, found a byte order mark: save the text without it"},
		{"no UTF-8", "{\"a\": \"\xff\"}", "line 1, column 8: invalid UTF-8"},
		{"more behind", "{} {}", "line 1, column 4: text behind the end of the JSON"},
		{"columns are characters", `{"é": 'x'}`, `line 1, column 7: text stands in double quotes ("), not in single ones`},
		{"deep", strings.Repeat(`{"a":`, 1001), "line 1, column 5001: nested more than 1000 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := rawjson.Parse([]byte(tt.text))
			var syntax *rawjson.SyntaxError
			if !errors.As(err, &syntax) || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestDuplicateKeys(t *testing.T) {
	o, err := rawjson.Parse([]byte(`{"a":1,"\u0061":2,"b":{"c":1,"c":2}}`))
	if !errors.Is(err, rawjson.ErrTwice) || err.Error() != "a: is given twice; keep one" || o.Len() != 3 {
		t.Errorf("%v, %d members", err, o.Len())
	}
	value, _ := o.Value("b")
	if _, err := rawjson.Nested(value); !errors.Is(err, rawjson.ErrTwice) || err.Error() != "c: is given twice; keep one" {
		t.Error(err)
	}
}

func TestValues(t *testing.T) {
	elements, err := rawjson.ParseList([]byte(` [ 1 , "a\u003c", {"b" : []} ] `))
	if err != nil || len(elements) != 3 || string(elements[1]) != `"a<"` || string(elements[2]) != `{"b":[]}` {
		t.Errorf("%s, %v", elements, err)
	}
	if _, err := rawjson.Elements(json.RawMessage(`{}`)); err == nil || err.Error() != "a list is expected, found an object" {
		t.Error(err)
	}
	for value, want := range map[string]string{"": "nothing", " {": "an object", "[": "a list", `"`: "a string", "tru": "true or false", "null": "null", "-1": "a number", "x": "no JSON"} {
		if got := rawjson.Kind(json.RawMessage(value)); got != want {
			t.Errorf("%q is %s, want %s", value, got, want)
		}
	}
	for _, s := range []string{"", "a", "<&>", `"\`, "\u2028", "\x00é"} {
		if got, isText := rawjson.Text(rawjson.Quote(s)); !isText || got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\u003c"}],"a":2}`))
	f.Add([]byte("{\"a\": 1,\n}"))
	f.Add([]byte(`{'a' # `))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := rawjson.Parse(data)
		if err != nil && !errors.Is(err, rawjson.ErrTwice) {
			var syntax *rawjson.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(data) || syntax.Line < 1 || syntax.Column < 1 {
				t.Fatalf("%#v", err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("taken for JSON: %q", data)
		}
		again, err := rawjson.Parse(o.JSON())
		if err != nil && !errors.Is(err, rawjson.ErrTwice) || string(again.JSON()) != string(o.JSON()) {
			t.Fatalf("%s became %s, %v", o.JSON(), again.JSON(), err)
		}
	})
}

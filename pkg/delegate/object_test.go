package delegate

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzObject compares how objects are cut with what encoding/json makes of them.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		"{}", " { } ", `{"a":1}`, "{\n\"a\" :\t-1.5e+3 , \"b\":null\r,\"c\" : true}", `{"a":"}\\\"]","b":{"c":[{"d":"{"},[]],"e":"\\"},"f":[]}`,
		`{"\u0061":"\ud800","a":2,"\"":3,"":4}`, "{\"\xff\":\"\xff\"}", "{\"a\":\u00a01}", "\u00a0{\"a\":1}\u0085", `{"a":1}}`, `{"a":1,}`, `{"a"}`, `{`, `{"a":01}`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := parseObject(data)
		var want map[string]json.RawMessage
		if unmarshalled := json.Unmarshal(data, &want); unmarshalled == nil && want != nil && err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if err != nil {
			return
		}
		encoded := o.encode()
		if err := json.Unmarshal(encoded, &want); err != nil {
			t.Fatalf("%q became %q: %v", data, encoded, err)
		}
		got := map[string]json.RawMessage{}
		for _, m := range o {
			got[m.name] = m.value
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-encoding/json +here):\n%s", data, diff)
		}
	})
}

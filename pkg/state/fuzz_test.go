package state

import (
	"errors"
	"os"
	"testing"
)

// FuzzLoad: whatever is in the record's file, Load says ErrUnreadable or returns
// a record that can be written and read again and says the same.
func FuzzLoad(f *testing.F) {
	good, err := encode(attached(record(f, k1)))
	must(f, err)
	for _, seed := range []string{string(good), string(good[:len(good)/2]), "", "null", "[]", `{"schema":2}`,
		`{"schema":1,"sandbox":{"containerID":"c1","ifName":"eth0"}}`,
		`{"schema":1,"sandbox":{"containerID":"c1","ifName":"eth0"},"attachments":[{"config":null}]}`,
		`{"schema":1,"sandbox":{"containerID":"c1","ifName":"eth0"},"attachments":[{"phase":"planned","interface":"a","config":{"name":"a","cniVersion":"1","plugins":[{"type":"x"}]},"result":1e999}]}`,
		`{"schema":1e400}`, "\xef\xbb\xbf{}"} {
		f.Add([]byte(seed))
	}
	d := Dir(f.TempDir())
	must(f, os.MkdirAll(d.path(sandboxesName), 0o700))
	f.Fuzz(func(t *testing.T, data []byte) {
		must(t, os.WriteFile(d.path("sandboxes/c1@eth0.json"), data, 0o600))
		r, err := d.Load(k1)
		if err != nil {
			if !errors.Is(err, ErrUnreadable) {
				t.Fatal(err)
			}
			return
		}
		writeAgain(t, r)
	})
}

// FuzzOlder does the same for what an older Multus left.
func FuzzOlder(f *testing.F) {
	f.Add([]byte(v4()), []byte(cached("cluster", "c1", "eth0")))
	f.Add([]byte(`[{"type":"bridge","name":"cluster","masterplugin":true}]`), []byte(`{}`))
	f.Add([]byte(`[{"name":"a","plugins":[{"type":"x"}]},{"Bytes":"e30="},null,1]`), []byte(`{"kind":"cniCacheV1","cniArgs":[[],["a","b","c"]]}`))
	f.Add([]byte(`[{"Name":"../..","ifnameRequest":"/","Bytes":"`+b64(bridge)+`"}]`), []byte(`[]`))
	f.Add([]byte(`[]`), []byte(``))
	d := Dir(f.TempDir())
	must(f, os.MkdirAll(d.path(resultsName), 0o700))
	f.Fuzz(func(t *testing.T, data, entry []byte) {
		must(t, os.WriteFile(d.path("c1"), data, 0o600))
		must(t, os.WriteFile(d.path("results/cluster-c1-eth0"), entry, 0o600))
		if _, err := d.Keys(); err != nil {
			t.Fatal(err)
		}
		r, err := d.Load(k1)
		if err != nil {
			if !errors.Is(err, ErrUnreadable) {
				t.Fatal(err)
			}
			return
		}
		writeAgain(t, r)
	})
}

// writeAgain writes and reads a record that was read.
func writeAgain(t *testing.T, r Record) {
	t.Helper()
	first, err := encode(r)
	if err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	back, err := decode(first, r.Key())
	if err != nil {
		t.Fatalf("what was written cannot be read: %v", err)
	}
	second, err := encode(back)
	must(t, err)
	if string(first) != string(second) {
		t.Fatalf("not the same again:\n%s\n%s", first, second)
	}
}

package state

import "testing"

// FuzzLoad: whatever is in the record's file is refused, or is a record that can
// be written and read again and says the same.
func FuzzLoad(f *testing.F) {
	_, good, err := encode(attached(record(f, k1)))
	must(f, err)
	for _, seed := range []string{string(good), string(good[:len(good)/2]), "", "null", "[]", `{"schema":2}`,
		`{"schema":1,"sandbox":{"containerID":"c1","ifName":"eth0"}}`,
		`{"schema":1,"sandbox":{"containerID":"c1","ifName":"eth0"},"attachments":[{"config":null}]}`,
		`{"schema":1,"sandbox":{"containerID":"c1","ifName":"eth0"},"attachments":[{"phase":"planned","interface":"a","config":{"name":"a","cniVersion":"1","plugins":[{"type":"x"}]},"result":1e999}]}`,
		`{"schema":1e400}`, "\xef\xbb\xbf{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := decode(data, k1); err == nil {
			writeAgain(t, r)
		}
	})
}

// FuzzLegacy does the same for what an older Multus left.
func FuzzLegacy(f *testing.F) {
	f.Add([]byte(v4()), []byte(cached("cluster", "c1", "eth0")))
	f.Add([]byte(`[{"type":"bridge","name":"cluster","masterplugin":true}]`), []byte(`{}`))
	f.Add([]byte(`[{"name":"a","plugins":[{"type":"x"}]},{"Bytes":"e30="},null,1]`), []byte(`{"kind":"cniCacheV1","cniArgs":[[],["a","b","c"]]}`))
	f.Add([]byte(`[{"Name":"../..","ifnameRequest":"/","Bytes":"`+b64(bridge)+`"}]`), []byte(`[]`))
	f.Add([]byte(`[]`), []byte(``))
	f.Fuzz(func(t *testing.T, data, cached []byte) {
		l, err := parseLegacy(data)
		if err != nil {
			return
		}
		l.id = k1.ContainerID
		found := parseEntry(cached)
		r := l.record(k1.IfName, cache{})
		for i, name := range l.interfaces(k1.IfName) {
			if l.elements[i].err == nil {
				r.Attachments = append(r.Attachments, l.elements[i].attachment(name, found))
			}
		}
		writeAgain(t, r)
	})
}

// writeAgain writes and reads a record that was read.
func writeAgain(t *testing.T, r Record) {
	t.Helper()
	_, first, err := encode(r)
	if err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	back, err := decode(first, r.Key())
	if err != nil {
		t.Fatalf("what was written cannot be read: %v", err)
	}
	_, second, err := encode(back)
	must(t, err)
	if string(first) != string(second) {
		t.Fatalf("not the same again:\n%s\n%s", first, second)
	}
}

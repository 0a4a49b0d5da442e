package cnitest

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const examplePod = `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"d","uid":"u","annotations":{"keep":"1","drop":"2"}},"spec":{"nodeName":"n"}}`

// ask sends a request as any HTTP client would and returns status and body.
func ask(t *testing.T, s *APIServer, req *http.Request) (int, string) {
	t.Helper()
	req.Header.Set("Authorization", "Bearer "+Token)
	resp, err := s.server.Client().Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	Must(t, err)
	return req
}

func TestAPIServer(t *testing.T) {
	const pods = "/api/v1/namespaces/d/pods"
	const events = "/api/v1/namespaces/d/events"
	const event = `{"kind":"Event","apiVersion":"v1","metadata":{"name":"e","namespace":"d"},"involvedObject":{"namespace":"d"}}`
	tests := map[string]struct {
		method, path, body string
		accept, token      string
		status             int
		want               string
	}{
		"ready":                 {path: "/readyz", status: 200, want: "ok"},
		"version":               {path: "/version", status: 200, want: `"gitVersion"`},
		"pod":                   {path: pods + "/a", status: 200, want: `"nodeName":"n"`},
		"its metadata":          {path: pods + "/a", accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json", status: 200, want: `{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"annotations":{"keep":"1","drop":"2"},"name":"a","namespace":"d","uid":"u"}}`},
		"a stranger":            {path: pods + "/a", token: "another", status: 401, want: `"message":"Unauthorized","reason":"Unauthorized"`},
		"pods":                  {path: pods, status: 200, want: `"items":[{`},
		"no pod":                {path: pods + "/b", status: 404, want: `"message":"pods \"b\" not found","reason":"NotFound","details":{"name":"b","kind":"pods"}`},
		"no kind":               {path: "/apis/x/v1/namespaces/d/things/a", status: 404, want: "404 page not found"},
		"another UID":           {method: "PATCH", path: pods + "/a/status", body: `{"metadata":{"uid":"x"}}`, status: 422, want: `"message":"Pod \"a\" is invalid: metadata.uid: Invalid value: \"x\": field is immutable","reason":"Invalid","details":{"name":"a","kind":"Pod","causes":[{"reason":"FieldValueInvalid",`},
		"patch of nothing":      {method: "PATCH", path: pods + "/b/status", body: `{}`, status: 404, want: "NotFound"},
		"patch no JSON":         {method: "PATCH", path: pods + "/a/status", body: `{`, status: 400, want: "error decoding patch"},
		"patch":                 {method: "PATCH", path: pods + "/a/status", body: `{"metadata":{"annotations":{"new":"3","drop":null}}}`, status: 200, want: `"annotations":{"keep":"1","new":"3"}`},
		"event":                 {method: "POST", path: events, body: event, status: 201, want: `"name":"e"`},
		"event elsewhere":       {method: "POST", path: "/api/v1/namespaces/x/events", body: event, status: 422, want: "does not match event.namespace"},
		"event without a name":  {method: "POST", path: events, body: `{"kind":"Event","apiVersion":"v1"}`, status: 422, want: "name or generateName"},
		"what nobody should do": {method: "PUT", path: pods + "/a", status: 405, want: "MethodNotAllowed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := NewAPIServer(t, examplePod)
			if tt.token != "" {
				s.SetToken(tt.token)
			}
			req := request(t, tt.method, s.URL()+tt.path, tt.body)
			req.Header.Set("Accept", tt.accept)
			if tt.method == http.MethodPatch {
				req.Header.Set("Content-Type", "application/merge-patch+json")
			}
			status, body := ask(t, s, req)
			if status != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("got %d %s, want %d %s", status, body, tt.status, tt.want)
			}
		})
	}
}

func TestAPIServerRecords(t *testing.T) {
	s := NewAPIServer(t)
	s.SetLatency(20 * time.Millisecond)
	answered := make(chan Request, 1)
	s.OnAnswer(func(r Request) { answered <- r })
	ask(t, s, request(t, "POST", s.URL()+"/api/v1/namespaces/d/events?x=1", "body"))
	r := <-answered
	if r.Method != "POST" || r.Query != "x=1" || r.Body != "body" || r.Status != 400 || r.Duration < 20*time.Millisecond || r.Proto != "HTTP/2.0" {
		t.Errorf("recorded %+v", r)
	}
}

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		text   string
		status int
		want   string
	}{
		"status":   {text: "503 GET /readyz", status: 503, want: "ServiceUnavailable"},
		"reset":    {text: "reset", want: "connection reset|unexpected EOF"}, // as net/http comes to see it
		"abort":    {text: "abort", want: "INTERNAL_ERROR"},
		"garbage":  {text: "garbage *z", status: 200, want: "<html>"},
		"truncate": {text: "truncate", want: "INTERNAL_ERROR"},
		"slow":     {text: "slow delay=30ms", status: 200, want: "ok"},
		"other":    {text: "500 POST", status: 200, want: "ok"},
		"no match": {text: "500 /api/*", status: 200, want: "ok"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := NewAPIServer(t)
			fault, err := ParseFault(tt.text)
			Must(t, err)
			s.Fail(fault)
			status, body := ask(t, s, request(t, "GET", s.URL()+"/readyz", ""))
			said := func(want string) bool { return strings.Contains(body, want) }
			if status != tt.status || !slices.ContainsFunc(strings.Split(tt.want, "|"), said) {
				t.Errorf("got %d %.200s, want %d %s", status, body, tt.status, tt.want)
			}
		})
	}
}

func TestFaultsEnd(t *testing.T) {
	s := NewAPIServer(t)
	s.Fail(Fault{Status: 500, Times: 2})
	s.Fail(Fault{Status: 429, Times: 1, Retry: 7})
	var got []int
	for range 4 {
		status, _ := ask(t, s, request(t, "GET", s.URL()+"/readyz", ""))
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{500, 500, 429, 200}, got); diff != "" {
		t.Error(diff)
	}
	s.Fail(Fault{Status: 500})
	s.Heal()
	if status, _ := ask(t, s, request(t, "GET", s.URL()+"/readyz", "")); status != 200 {
		t.Errorf("status %d after healing", status)
	}
}

func TestParseFault(t *testing.T) {
	got, err := ParseFault("429 PATCH */pods/*/status times=2 retry=1 delay=5ms")
	want := Fault{Kind: FaultStatus, Status: 429, Method: "PATCH", Path: "*/pods/*/status", Times: 2, Retry: 1, Delay: 5 * time.Millisecond}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, text := range []string{"", "  ", "nonsense", "99", "600", "500 get", "500 times=x", "500 delay=3", "500 odd=1"} {
		if got, err := ParseFault(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

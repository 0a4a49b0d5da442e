package kube

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

// nad is a NetworkAttachmentDefinition as JSON.
func nad(namespace, name, config string) string {
	text, _ := json.Marshal(config)
	return fmt.Sprintf(`{"kind": "NetworkAttachmentDefinition", "apiVersion": "k8s.cni.cncf.io/v1",
		"metadata": {"name": %q, "namespace": %q, "annotations": {"k8s.v1.cni.cncf.io/resourceName": "vendor/%s"}}, "spec": {"config": %s}}`,
		name, namespace, name, text)
}

func put(t *testing.T, s *cnitest.APIServer, objects ...string) {
	t.Helper()
	for _, object := range objects {
		cnitest.Must(t, s.Put([]byte(object)))
	}
}

func TestDefinitions(t *testing.T) {
	s := cnitest.NewAPIServer(t, nad("default", "a", `{"type":"x","n":9007199254740993}`),
		`{"kind": "NetworkAttachmentDefinition", "metadata": {"name": "bare", "namespace": "other"}}`)
	a, bare, none := plan.Ref{Namespace: "default", Name: "a"}, plan.Ref{Namespace: "other", Name: "bare"}, plan.Ref{Namespace: "x", Name: "none"}
	got := dial(t, s).Definitions(within(t, 5*time.Second), plan.KindNAD, []plan.Ref{a, bare, a, none})
	want := map[plan.Ref]plan.Answer{
		a:    {Definition: plan.Definition{Config: `{"type":"x","n":9007199254740993}`, Resource: "vendor/a"}},
		bare: {},
		none: {Err: plan.ErrNotFound},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(x, y error) bool { return x == y })); diff != "" { //nolint:errorlint // the planner compares
		t.Error(diff)
	}
	if n := len(s.Requests()); n != 3 {
		t.Errorf("%d requests for 3 distinct definitions", n)
	}
	if n := len(s.Matching("GET", "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions/a")); n != 1 {
		t.Errorf("%d requests for default/a", n)
	}
	if n := len(dial(t, s).Definitions(t.Context(), plan.KindNAD, nil)); n != 0 {
		t.Errorf("%d answers to no question", n)
	}
}

func TestDefinitionsAtOnce(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	const latency = 100 * time.Millisecond
	s.SetLatency(latency)
	var refs []plan.Ref
	for i := range 48 {
		name := fmt.Sprintf("net-%d", i)
		refs = append(refs, plan.Ref{Namespace: "default", Name: name})
		put(t, s, nad("default", name, `{}`))
	}
	began := time.Now()
	for ref, answer := range dial(t, s).Definitions(within(t, 10*time.Second), plan.KindNAD, refs) {
		if answer.Err != nil || answer.Definition.Resource != "vendor/"+ref.Name {
			t.Errorf("%s: %v", ref, answer)
		}
	}
	if took := time.Since(began); took > 6*latency {
		t.Errorf("%s for 48 definitions of %s each", took, latency)
	}
	if n := s.MaxInFlight(); n != maxInFlight {
		t.Errorf("%d were asked for at one time, want %d", n, maxInFlight)
	}
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestOneConnectionForAll(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA, nad("default", "a", `{}`), nad("default", "b", `{}`))
	c := dial(t, s)
	for range 20 {
		c.Definitions(within(t, 5*time.Second), plan.KindNAD, []plan.Ref{{Namespace: "default", Name: "a"}, {Namespace: "default", Name: "b"}})
	}
	if _, err := c.Pod(within(t, time.Second), "default", "a"); err != nil {
		t.Fatal(err)
	}
	cnitest.Must(t, c.Publish(within(t, time.Second), plan.Pod{Namespace: "default", Name: "a", UID: "u-1"}, []byte("[]"), "hello"))
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestDefinitionsRefused(t *testing.T) {
	unknown := cnitest.Fault{Status: 404, Body: "404 page not found\n"}
	tests := map[string]struct {
		of    string
		fault cnitest.Fault
		kind  error
		texts []string
	}{
		"kind unknown":  {fault: unknown, kind: plan.ErrNotFound, texts: []string{"CustomResourceDefinition network-attachment-definitions.k8s.cni.cncf.io"}},
		"older unknown": {of: plan.KindNetwork, fault: unknown, kind: plan.ErrNotFound, texts: []string{"CustomResourceDefinition networks.kubernetes.com"}},
		"forbidden": {fault: cnitest.Fault{Status: 403}, kind: plan.ErrUnavailable,
			texts: []string{`the verb "get" on "network-attachment-definitions.k8s.cni.cncf.io"`}},
		"garbage": {fault: cnitest.Fault{Kind: cnitest.FaultGarbage}, kind: plan.ErrUnavailable, texts: []string{"not the object that was asked for", "proxy"}},
		"huge":    {fault: cnitest.Fault{Kind: cnitest.FaultBig}, texts: []string{"larger than 4 MiB"}},
		"400":     {fault: cnitest.Fault{Status: 400, Body: "no"}, texts: []string{"rejects the request: 400 no"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := cnitest.NewAPIServer(t)
			s.Fail(tt.fault)
			ref := plan.Ref{Namespace: "default", Name: "a"}
			if tt.of == "" {
				tt.of = plan.KindNAD
			}
			got := dial(t, s).Definitions(within(t, 10*time.Second), tt.of, []plan.Ref{ref})
			fails(t, got[ref].Err, tt.kind, tt.texts...)
		})
	}
}

// One outage must read the same for every network, so that it is told once.
func TestOutageReadsTheSame(t *testing.T) {
	for _, kind := range []string{cnitest.FaultHang, cnitest.FaultReset, cnitest.FaultAbort, cnitest.FaultTruncate} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := cnitest.NewAPIServer(t)
			s.Fail(cnitest.Fault{Kind: kind})
			var refs []plan.Ref
			for i := range 8 {
				refs = append(refs, plan.Ref{Namespace: "default", Name: fmt.Sprintf("net-%d", i)})
			}
			texts := map[string]bool{}
			for _, answer := range dial(t, s).Definitions(within(t, 1500*time.Millisecond), plan.KindNAD, refs) {
				fails(t, answer.Err, plan.ErrUnavailable)
				texts[answer.Err.Error()] = true
			}
			if len(texts) != 1 {
				t.Errorf("%d texts: %v", len(texts), texts)
			}
		})
	}
}

// decodeInto reads the object d/a.
func decodeInto(object definer, body []byte) (plan.Definition, error) {
	q := request{ref: plan.Ref{Namespace: "d", Name: "a"}}
	if err := q.decode(body, object); err != nil {
		return plan.Definition{}, err
	}
	return object.definition()
}

func TestDecodeDefinition(t *testing.T) {
	const meta = `"metadata":{"name":"a","namespace":"d"}`
	tests := map[string]struct {
		body, fault string
		want        plan.Definition
	}{
		"config":                {body: `{` + meta + `,"spec":{"config":"{}"}}`, want: plan.Definition{Config: "{}"}},
		"no spec":               {body: `{` + meta + `}`},
		"spec null":             {body: `{` + meta + `,"spec":null}`},
		"config null":           {body: `{` + meta + `,"spec":{"config":null}}`},
		"other spellings":       {body: `{` + meta + `,"spec":{"Config":"{}"},"SPEC":{"config":"{}"}}`},
		"config an object":      {body: `{` + meta + `,"spec":{"config":{"type":"x"}}}`, fault: "spec.config: a string is expected, found object"},
		"config a list":         {body: `{` + meta + `,"spec":{"config":[]}}`, fault: "spec.config: a string is expected, found array"},
		"config a number":       {body: `{` + meta + `,"spec":{"config":7}}`, fault: "spec.config: a string is expected, found number"},
		"config a bool":         {body: `{` + meta + `,"spec":{"config":true}}`, fault: "spec.config: a string is expected, found bool"},
		"spec a string":         {body: `{` + meta + `,"spec":"x"}`, fault: "spec: an object is expected, found string"},
		"metadata a list":       {body: `{"metadata":[]}`, fault: "metadata: an object is expected, found array"},
		"name a number":         {body: `{"metadata":{"name":1}}`, fault: "metadata.name: a string is expected, found number"},
		"namespace a list":      {body: `{"metadata":{"name":"a","namespace":[]}}`, fault: "metadata.namespace: a string is expected, found array"},
		"annotations text":      {body: `{"metadata":{"name":"a","namespace":"d","annotations":"x"}}`, fault: "metadata.annotations: an object is expected, found string"},
		"resource a number":     {body: `{"metadata":{"name":"a","namespace":"d","annotations":{"k8s.v1.cni.cncf.io/resourceName":1}}}`, fault: "metadata.annotations: a string is expected, found number"},
		"resource":              {body: `{"metadata":{"name":"a","namespace":"d","annotations":{"k8s.v1.cni.cncf.io/resourceName":"v/r","b":null}}}`, want: plan.Definition{Resource: "v/r"}},
		"another one":           {body: `{"metadata":{"name":"b","namespace":"d"}}`, fault: "not the object that was asked for"},
		"null":                  {body: `null`, fault: "not the object that was asked for"},
		"list":                  {body: `[]`, fault: "not the object that was asked for"},
		"nothing":               {body: ``, fault: "not the object that was asked for"},
		"two":                   {body: `{` + meta + `}{}`, fault: "not the object that was asked for"},
		"older, list of one":    {body: `{` + meta + `,"plugin":"ptp","args":"[{\"name\":\"n\"}]"}`, want: plan.Definition{Config: `{"type":"ptp","name":"n"}`}},
		"older, object":         {body: `{` + meta + `,"plugin":"ptp","args":"{\"mtu\":1}"}`, want: plan.Definition{Config: `{"type":"ptp","mtu":1}`}},
		"older, no args":        {body: `{` + meta + `,"plugin":"ptp"}`, want: plan.Definition{Config: `{"type":"ptp"}`}},
		"older, args null":      {body: `{` + meta + `,"plugin":"ptp","args":null}`, want: plan.Definition{Config: `{"type":"ptp"}`}},
		"older, args an object": {body: `{` + meta + `,"plugin":"ptp","args":{"mtu":1}}`, fault: "args: a string is expected, found object"},
		"older, args broken":    {body: `{` + meta + `,"plugin":"ptp","args":"{"}`, fault: "args: line 1, column 2: the text ends"},
		"older, plugin a list":  {body: `{` + meta + `,"plugin":["ptp"]}`, fault: "plugin: a string is expected, found array"},
		"older, no plugin":      {body: `{` + meta + `,"args":"{\"type\":\"ptp\"}"}`, fault: "plugin"},
		"older, contradiction":  {body: `{` + meta + `,"plugin":"ptp","args":"{\"type\":\"bridge\"}"}`, fault: "contradicts"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var object definer = &attachmentDefinition{}
			if strings.HasPrefix(name, "older") {
				object = &network{}
			}
			got, err := decodeInto(object, []byte(tt.body))
			if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("error %v, want %q", err, tt.fault)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"metadata":{"name":"a","namespace":"d"},"spec":{"config":"{\"type\":\"x\"}"}}`,
		`{"metadata":{"name":"a","namespace":"d"},"plugin":"bridge","args":"[ {\"mtu\": 1} ]"}`,
		`{"metadata":{"name":"a","namespace":"d"},"plugin":"a/b","args":{}}`,
		`{"metadata":{"name":"a","namespace":"d"},"plugin":"\ud800\u0000","args":"{\"type\":1}"}`,
		`{"metadata":null,"spec":null}`, `null`, `"`, `{"metadata":{"annotations":{"k8s.v1.cni.cncf.io/resourceName":[]}}}`,
		strings.Repeat(`[`, 12000), strings.Repeat(`{"metadata":`, 200),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if d, err := decodeInto(&attachmentDefinition{}, body); err != nil && d != (plan.Definition{}) {
			t.Errorf("both %v and %v", d, err)
		}
		d, err := decodeInto(&network{}, body)
		if err == nil && !json.Valid([]byte(d.Config)) {
			t.Errorf("configuration %q is no JSON", d.Config)
		}
		if err != nil && len(err.Error()) > 4096+2*len(body) {
			t.Errorf("error of %d bytes for an object of %d", len(err.Error()), len(body))
		}
	})
}

// TestDefinitionsTooMuch: a pod that selects many large networks does not make
// all of them stay in memory.
func TestDefinitionsTooMuch(t *testing.T) {
	server := cnitest.NewAPIServer(t)
	const one = 3 << 20
	var refs []plan.Ref
	for i := range plan.MaxConfigurations/one + 2 {
		ref := plan.Ref{Namespace: "ns", Name: fmt.Sprintf("n%d", i)}
		refs = append(refs, ref)
		object := fmt.Sprintf(`{"kind":"NetworkAttachmentDefinition","metadata":{"namespace":"ns","name":%q},"spec":{"config":%q}}`,
			ref.Name, strings.Repeat(" ", one))
		cnitest.Must(t, server.Put([]byte(object)))
	}
	kept, refused := 0, 0
	for _, a := range dial(t, server).Definitions(t.Context(), plan.KindNAD, refs) {
		kept += len(a.Definition.Config)
		if a.Err != nil && strings.Contains(a.Err.Error(), "bytes together") {
			refused++
		}
	}
	if refused != 2 || kept > plan.MaxConfigurations {
		t.Errorf("%d refused, %d bytes kept", refused, kept)
	}
}

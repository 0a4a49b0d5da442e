package kube

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/plan"
)

// claims is an API server of one version of dynamic resource allocation. Its
// documents are by the last elements of the path and what of the fieldSelector
// follows the driver; ResourceSlices of two pages have the second under "next".
type claims struct {
	version string
	objects map[string]string
}

func (c claims) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	path, dynamic := strings.CutPrefix(r.URL.Path, "/apis/resource.k8s.io/")
	path, served := strings.CutPrefix(path, c.version)
	path = strings.TrimPrefix(path, "/api/v1/namespaces/default")
	path = strings.TrimPrefix(path, "/namespaces/default")
	if page := r.URL.Query().Get("continue"); page != "" {
		path = page
	} else if selector := r.URL.Query().Get("fieldSelector"); selector != "" {
		path += "?" + selector
	}
	object, found := c.objects[path]
	switch {
	case dynamic && !served:
		http.Error(w, "404 page not found", http.StatusNotFound)
	case !found && strings.HasPrefix(path, "/resourceslices"):
		fmt.Fprint(w, `{"items":[]}`)
	case !found:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"kind":"Status","code":404,"reason":"NotFound","message":"not there","details":{"name":%q}}`, filepath.Base(path))
	default:
		fmt.Fprint(w, object)
	}
}

func claimedDevices(t *testing.T, c claims, pod plan.Pod) (map[string][]string, error) {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return open(t, kubeconfig(t, fmt.Sprintf("server: %q", server.URL), "")).ClaimedDevices(within(t, 5*time.Second), pod)
}

const (
	podWithClaims = `{"metadata":{"name":"web","namespace":"default","uid":"u1"},"spec":{"nodeName":"n1",
		"initContainers":[{"name":"i","resources":{"claims":[{"name":"second","request":"main"}]}}],
		"containers":[{"name":"a","resources":{"claims":[{"name":"first","request":"nic"}]}},{"name":"b","resources":{"claims":[{"name":"first"}]}}],
		"resourceClaims":[{"name":"first","resourceClaimName":"shared"},{"name":"second","resourceClaimTemplateName":"t"},{"name":"third","resourceClaimTemplateName":"none"}]},
		"status":{"resourceClaimStatuses":[{"name":"second","resourceClaimName":"web-second-x"},{"name":"third"}],
		"extendedResourceClaimStatus":{"resourceClaimName":"web-extended","requestMappings":[{"containerName":"a","resourceName":"x.io/ext","requestName":"container-0-request-0"}]}}}`
	sharedClaim = `{"metadata":{"name":"shared","namespace":"default"},"status":{"reservedFor":[{"uid":"u0"},{"uid":"u1"}],"allocation":{"devices":{"results":[
		{"request":"gpu","driver":"x.io","pool":"n1","device":"gpu-0"},
		{"request":"nic","driver":"x.io","pool":"n1","device":"nic-1"},
		{"request":"watch","driver":"x.io","pool":"n1","device":"nic-9","adminAccess":true},
		{"request":"far","driver":"x.io","pool":"rack","device":"far-0"}]}}}}`
	templateClaim = `{"metadata":{"name":"web-second-x","namespace":"default"},"status":{"reservedFor":[{"uid":"u1"}],"allocation":{"devices":{"results":[
		{"request":"other","driver":"x.io","pool":"n1","device":"nic-3"},
		{"request":"main/sub","driver":"x.io","pool":"n1","device":"nic-0","shareID":"s"},{"request":"mainly","driver":"x.io","pool":"n1","device":"nic-4"}]}}}}`
	extendedClaim = `{"metadata":{"name":"web-extended","namespace":"default"},"status":{"reservedFor":[{"uid":"u1"}],"allocation":{"devices":{"results":[
		{"request":"container-0-request-0","driver":"x.io","pool":"n1","device":"bare"}]}}}}`
)

// nic is a device of a slice, in the form of a version.
func nic(version, name, resource, id string) string {
	attributes := fmt.Sprintf(`{"k8s.cni.cncf.io/resourceName":{"string":%q},"k8s.cni.cncf.io/deviceID":{"string":%q},"numa":{"int":1},"up":{"bool":true}}`, resource, id)
	if version == "v1beta1" {
		return fmt.Sprintf(`{"name":%q,"basic":{"attributes":%s}}`, name, attributes)
	}
	return fmt.Sprintf(`{"name":%q,"attributes":%s}`, name, attributes)
}

func slice(node, pool string, generation int, devices ...string) string {
	return fmt.Sprintf(`{"spec":{"driver":"x.io","nodeName":%q,"pool":{"name":%q,"generation":%d,"resourceSliceCount":1},"devices":[%s]}}`, node, pool, generation, strings.Join(devices, ","))
}

func cluster(version string) claims {
	of := func(name, id string) string { return nic(version, name, "x.io/nic", id) }
	return claims{version: version, objects: map[string]string{
		"/pods/web":                    podWithClaims,
		"/resourceclaims/shared":       sharedClaim,
		"/resourceclaims/web-second-x": templateClaim,
		"/resourceclaims/web-extended": extendedClaim,
		"/resourceslices?spec.driver=x.io,spec.nodeName=n1": `{"metadata":{"continue":"next"},"items":[` +
			slice("n1", "n1", 2, of("nic-0", "d0"), of("nic-1", "d1"), of("nic-3", "d3")) + `]}`,
		"next": `{"items":[` + slice("n1", "n1", 1, of("nic-1", "stale")) + "," + slice("n2", "n1", 3, of("nic-1", "another node's")) + "," +
			slice("n1", "n1", 2, of("nic-4", "d4"), of("nic-9", "d9"), nic(version, "bare", "", "e0"), nic(version, "gpu-0", "x.io/gpu", "")) + `]}`,
		"/resourceslices?spec.driver=x.io,spec.nodeName=": `{"items":[` + slice("", "rack", 1, of("far-0", "f0")) + `]}`,
	}}
}

func claimer() plan.Pod { return plan.Pod{Namespace: "default", Name: "web", UID: "u1"} }

func TestClaimedDevices(t *testing.T) {
	want := map[string][]string{"x.io/nic": {"d0", "d1", "f0", "d3", "d4"}, "x.io/ext": {"e0"}}
	for _, version := range []string{"v1", "v1beta2", "v1beta1"} {
		got, err := claimedDevices(t, cluster(version), claimer())
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", version, diff)
		}
	}
}

func TestClaimsThatCannotBeRead(t *testing.T) {
	for name, tt := range map[string]struct {
		change map[string]string
		says   string
	}{
		"no pod":           {map[string]string{"/pods/web": ""}, "pod: "},
		"another pod":      {map[string]string{"/pods/web": strings.Replace(podWithClaims, `"u1"`, `"u2"`, 1)}, "has the UID u2, not u1"},
		"another's claim":  {map[string]string{"/resourceclaims/shared": `{"metadata":{"name":"shared","namespace":"default"}}`}, "ResourceClaim default/shared: API server not usable: it is not reserved for the pod"},
		"no claim":         {map[string]string{"/resourceclaims/web-second-x": ""}, "ResourceClaim default/web-second-x: not found"},
		"name as a path":   {map[string]string{"/pods/web": strings.Replace(podWithClaims, `"shared"`, `"../../x"`, 1)}, "ResourceClaim default/../../x"},
		"no slices":        {map[string]string{"/resourceslices?spec.driver=x.io,spec.nodeName=n1": "7"}, "ResourceSlices of driver x.io"},
		"other attributes": {map[string]string{"next": `{"items":[{"spec":{"devices":[{"attributes":{"k8s.cni.cncf.io/deviceID":{"string":7}}}]}}]}`}, "ResourceSlices of driver x.io"},
		"endless pages":    {map[string]string{"next": `{"metadata":{"continue":"next"}}`}, "more than 1000 pages"},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster("v1")
			for path, object := range tt.change {
				c.objects[path] = object
				if object == "" {
					delete(c.objects, path)
				}
			}
			_, err := claimedDevices(t, c, claimer())
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestNoClaims(t *testing.T) {
	c := claims{objects: map[string]string{"/pods/web": `{"metadata":{"name":"web","namespace":"default","uid":"u1"},"spec":{"containers":[{"name":"a"}]}}`}}
	if got, err := claimedDevices(t, c, claimer()); len(got) > 0 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	c = cluster("v7")
	if _, err := claimedDevices(t, c, claimer()); !errors.Is(err, plan.ErrNotFound) {
		t.Errorf("a cluster that knows no claims: %v", err)
	}
}

package cnitest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	reviewsPath     = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
	definitionsPath = "/apis/k8s.cni.cncf.io/v1/network-attachment-definitions"
)

// granted is what the ClusterRole of deployments/base/rbac gives.
func granted() map[string]bool {
	return map[string]bool{
		"get pods": true, "patch pods/status": true, "create events": true,
		"get network-attachment-definitions.k8s.cni.cncf.io": true, "list network-attachment-definitions.k8s.cni.cncf.io": true,
		"get networks.kubernetes.com": true, "get resourceclaims.resource.k8s.io": true, "list resourceslices.resource.k8s.io": true,
	}
}

// Permit has access reviews say of a permission, "get pods", that the client has it or
// has it not; without it they say what the ClusterRole of deployments/base/rbac gives. Of
// requests, those that list the networks of all namespaces heed it.
func (s *APIServer) Permit(permission string, allowed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.permits == nil {
		s.permits = granted()
	}
	s.permits[permission] = allowed
}

func (s *APIServer) permitted(permission string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.permits == nil {
		return granted()[permission]
	}
	return s.permits[permission]
}

// Withdraw has the server know a group of APIs no more, as if its
// CustomResourceDefinitions were not installed.
func (s *APIServer) Withdraw(group string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.withdrawn = group
}

// routeCluster answers requests that are about no namespace; false where it is none
// of those that the server knows.
func (s *APIServer) routeCluster(w http.ResponseWriter, r *http.Request, body []byte) bool {
	s.mu.Lock()
	withdrawn := s.withdrawn
	s.mu.Unlock()
	switch {
	case withdrawn != "" && strings.HasPrefix(r.URL.Path, "/apis/"+withdrawn+"/"):
		writeText(w, http.StatusNotFound, "404 page not found\n")
	case r.Method == http.MethodPost && r.URL.Path == reviewsPath:
		s.review(w, body)
	case r.Method == http.MethodGet && r.URL.Path == "/apis/k8s.cni.cncf.io/v1":
		writeJSON(w, http.StatusOK, metav1.APIResourceList{
			TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: "k8s.cni.cncf.io/v1",
			APIResources: []metav1.APIResource{{Name: "network-attachment-definitions", Kind: "NetworkAttachmentDefinition", Namespaced: true}},
		})
	case r.Method == http.MethodGet && r.URL.Path == definitionsPath:
		s.listAll(w)
	default:
		return false
	}
	return true
}

// review answers a SelfSubjectAccessReview.
func (s *APIServer) review(w http.ResponseWriter, body []byte) {
	var review map[string]any
	var asked struct {
		Spec struct {
			Attributes struct{ Verb, Group, Resource, Subresource string } `json:"resourceAttributes"`
		} `json:"spec"`
	}
	if json.Unmarshal(body, &review) != nil || json.Unmarshal(body, &asked) != nil || review["kind"] != "SelfSubjectAccessReview" {
		writeStatus(w, apierrors.NewBadRequest("no SelfSubjectAccessReview"))
		return
	}
	a := asked.Spec.Attributes
	permission := a.Verb + " " + schema.GroupResource{Group: a.Group, Resource: a.Resource}.String()
	if a.Subresource != "" {
		permission += "/" + a.Subresource
	}
	review["status"] = map[string]bool{"allowed": s.permitted(permission)}
	writeJSON(w, http.StatusCreated, review)
}

// listAll answers a GET of the networks of all namespaces.
func (s *APIServer) listAll(w http.ResponseWriter) {
	kind := schema.GroupResource{Group: "k8s.cni.cncf.io", Resource: "network-attachment-definitions"}
	if !s.permitted("list " + kind.String()) {
		writeStatus(w, apierrors.NewForbidden(kind, "", nil))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []json.RawMessage{}
	for _, path := range slices.Sorted(maps.Keys(s.objects)) {
		if strings.HasPrefix(path, "/apis/k8s.cni.cncf.io/v1/namespaces/") {
			items = append(items, s.objects[path])
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"kind": "List", "apiVersion": "v1", "items": items, "metadata": map[string]string{}})
}

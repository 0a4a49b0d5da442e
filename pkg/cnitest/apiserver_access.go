package cnitest

import (
	"encoding/json"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
	s.permits[permission] = allowed
}

func (s *APIServer) permitted(permission string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.permits[permission]
}

// Withdraw has the server know a group of APIs no more, as if its
// CustomResourceDefinitions were not installed.
func (s *APIServer) Withdraw(group string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.withdrawn = group
}

func (s *APIServer) knows(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.withdrawn == "" || !strings.HasPrefix(path, "/apis/"+s.withdrawn+"/")
}

// discovery is the answer to who asks what there is of the group of networks.
func discovery() metav1.APIResourceList {
	return metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: "k8s.cni.cncf.io/v1",
		APIResources: []metav1.APIResource{{Name: "network-attachment-definitions", Kind: "NetworkAttachmentDefinition", Namespaced: true}},
	}
}

// review answers a SelfSubjectAccessReview.
func (s *APIServer) review(body []byte) (any, *apierrors.StatusError) {
	var review map[string]any
	var asked struct {
		Spec struct {
			Attributes struct{ Verb, Group, Resource, Subresource string } `json:"resourceAttributes"`
		} `json:"spec"`
	}
	if json.Unmarshal(body, &review) != nil || json.Unmarshal(body, &asked) != nil || review["kind"] != "SelfSubjectAccessReview" {
		return nil, apierrors.NewBadRequest("no SelfSubjectAccessReview")
	}
	a := asked.Spec.Attributes
	permission := a.Verb + " " + schema.GroupResource{Group: a.Group, Resource: a.Resource}.String()
	if a.Subresource != "" {
		permission += "/" + a.Subresource
	}
	review["status"] = map[string]bool{"allowed": s.permitted(permission)}
	return review, nil
}

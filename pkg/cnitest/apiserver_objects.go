package cnitest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// resource is what a path of the API names.
type resource struct {
	schema.GroupVersionResource
	namespace, name, sub string
	wide                 bool // the cluster's, without a namespace
}

func namespaced(group, version, plural string) resource {
	return resource{GroupVersionResource: schema.GroupVersionResource{Group: group, Version: version, Resource: plural}}
}

// kinds are those of the objects that the server knows.
func kinds() map[string]resource {
	node, review := namespaced("", "v1", "nodes"), namespaced("authorization.k8s.io", "v1", "selfsubjectaccessreviews")
	node.wide, review.wide = true, true
	return map[string]resource{
		"Pod":                         namespaced("", "v1", "pods"),
		"Event":                       namespaced("", "v1", "events"),
		"NetworkAttachmentDefinition": namespaced("k8s.cni.cncf.io", "v1", "network-attachment-definitions"),
		"Network":                     namespaced("kubernetes.com", "v1", "networks"),
		"DaemonSet":                   namespaced("apps", "v1", "daemonsets"),
		"ServiceAccount":              namespaced("", "v1", "serviceaccounts"),
		"Node":                        node,
		"SelfSubjectAccessReview":     review,
	}
}

// served tells whether the server knows the resource; a list may be of all namespaces.
func served(res resource) bool {
	for _, known := range kinds() {
		if known.GroupVersionResource == res.GroupVersionResource {
			return known.wide == res.wide || res.name == ""
		}
	}
	return false
}

// full is the resource with its subresource, as RBAC names it.
func (r resource) full() string { return strings.TrimSuffix(r.Resource+"/"+r.sub, "/") }

// path is where the API serves the object.
func (r resource) path() string {
	root := "/api/" + r.Version
	if r.Group != "" {
		root = "/apis/" + r.Group + "/" + r.Version
	}
	if !r.wide {
		root += "/namespaces/" + r.namespace
	}
	return root + "/" + r.Resource + "/" + r.name
}

// parsePath reads the path of a resource; ok is false where it is none that the server
// serves.
func parsePath(path string) (res resource, ok bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if parts[0] == "api" { // the group without a name
		parts = slices.Insert(parts, 1, "")
	}
	if len(parts) < 4 || parts[0] != "api" && parts[0] != "apis" {
		return resource{}, false
	}
	res.Group, res.Version, res.wide = parts[1], parts[2], true
	if parts = parts[3:]; parts[0] == "namespaces" && len(parts) > 2 {
		res.namespace, res.wide, parts = parts[1], false, parts[2:]
	}
	if len(parts) > 3 {
		return resource{}, false
	}
	parts = append(parts, "", "")
	res.Resource, res.name, res.sub = parts[0], parts[1], parts[2]
	return res, served(res)
}

// ErrKind says that the server has no place for objects of a kind.
var ErrKind = errors.New("kind is not served by the fake API server")

// Put stores an object given as JSON, of a kind that the server knows. Its namespace is
// default where it names none; a missing UID is made up.
func (s *APIServer) Put(object []byte) error {
	var h metav1.PartialObjectMetadata
	if err := json.Unmarshal(object, &h); err != nil {
		return fmt.Errorf("object: %w", err)
	}
	res, ok := kinds()[h.Kind]
	if !ok {
		return fmt.Errorf("%w: %q", ErrKind, h.Kind)
	}
	res.name = h.Name
	if !res.wide {
		res.namespace = cmp.Or(h.Namespace, "default")
	}
	metadata := map[string]string{}
	if !res.wide {
		metadata["namespace"] = res.namespace
	}
	if h.UID == "" {
		metadata["uid"] = "uid-of-" + res.namespace + "-" + res.name
	}
	stored, err := merged(object, map[string]any{"metadata": metadata})
	if err != nil {
		return fmt.Errorf("object: %w", err)
	}
	s.store(res, stored)
	return nil
}

func (s *APIServer) store(res resource, document []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[res.path()] = document
}

// Delete removes the object at the path.
func (s *APIServer) Delete(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, path)
}

// Object is what is stored at the path, /api/v1/namespaces/default/pods/a; nil
// where there is nothing.
func (s *APIServer) Object(path string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.objects[path])
}

// Annotations are those of the pod, as stored now.
func (s *APIServer) Annotations(namespace, name string) map[string]string {
	pod := kinds()["Pod"]
	pod.namespace, pod.name = namespace, name
	var doc metav1.PartialObjectMetadata
	_ = json.Unmarshal(s.Object(pod.path()), &doc) // what is not there has none
	return doc.Annotations
}

// Events are the events that were created, in order.
func (s *APIServer) Events() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// merged is an object with a merge patch in it.
func merged(object []byte, patch any) (json.RawMessage, error) {
	text, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	return jsonpatch.MergePatch(object, text)
}

// get answers a GET of one object.
func (s *APIServer) get(r *http.Request, res resource) (any, *apierrors.StatusError) {
	if object := s.Object(res.path()); object != nil {
		return inPart(r, object), nil
	}
	return nil, notFound(res)
}

// list answers a GET of all objects of a namespace, of all namespaces, or of a node's pods.
func (s *APIServer) list(r *http.Request, res resource) (any, *apierrors.StatusError) {
	if res.wide && res.Group != "" && !s.permitted("list "+res.GroupResource().String()) {
		return nil, forbidden("list", res)
	}
	node, ofNode := strings.CutPrefix(r.URL.Query().Get("fieldSelector"), "spec.nodeName=")
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []json.RawMessage{}
	for _, path := range slices.Sorted(maps.Keys(s.objects)) {
		within := strings.HasPrefix(path, res.path())
		if of, _ := parsePath(path); res.wide {
			within = of.GroupVersionResource == res.GroupVersionResource
		}
		if within && (!ofNode || nodeOf(s.objects[path]) == node) {
			items = append(items, s.objects[path])
		}
	}
	metadata := map[string]string{"resourceVersion": strconv.Itoa(s.version)}
	from, _ := strconv.Atoi(r.URL.Query().Get("continue")) // none: from the first
	items = items[min(from, len(items)):]
	if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && limit < len(items) {
		items, metadata["continue"] = items[:limit], strconv.Itoa(from+limit)
	}
	return map[string]any{"kind": "List", "apiVersion": "v1", "items": items, "metadata": metadata}, nil
}

// inPart is the object, or its metadata alone where the client would rather have that.
func inPart(r *http.Request, object json.RawMessage) any {
	accept := strings.ReplaceAll(r.Header.Get("Accept"), " ", "")
	var parts struct {
		Metadata json.RawMessage `json:"metadata"`
	}
	if !strings.HasPrefix(accept, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1") || json.Unmarshal(object, &parts) != nil {
		return object
	}
	return map[string]any{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": parts.Metadata}
}

package cnitest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// resource is what a path of the API names.
type resource struct {
	group, version, namespace, resource, name, sub string
	wide                                           bool // the cluster's, without a namespace
}

// served is the resource of a kind; ok is false where the server does not know it.
func served(kind string) (res resource, ok bool) {
	switch kind {
	case "Pod":
		res = resource{version: "v1", resource: "pods"}
	case "Event":
		res = resource{version: "v1", resource: "events"}
	case "NetworkAttachmentDefinition":
		res = resource{group: "k8s.cni.cncf.io", version: "v1", resource: "network-attachment-definitions"}
	case "Network":
		res = resource{group: "kubernetes.com", version: "v1", resource: "networks"}
	case "DaemonSet":
		res = resource{group: "apps", version: "v1", resource: "daemonsets"}
	case "ServiceAccount":
		res = resource{version: "v1", resource: "serviceaccounts"}
	case "Node":
		res = resource{version: "v1", resource: "nodes", wide: true}
	}
	return res, res.resource != ""
}

// serves tells whether the server knows the resource.
func serves(res resource) bool {
	for _, kind := range []string{"Pod", "Event", "NetworkAttachmentDefinition", "Network", "DaemonSet", "ServiceAccount", "Node"} {
		known, _ := served(kind)
		if known.group == res.group && known.version == res.version && known.resource == res.resource {
			return known.wide == res.wide || res.name == "" // a list may be of all namespaces
		}
	}
	return false
}

// full is the resource with its subresource, as RBAC names it.
func (r resource) full() string {
	if r.sub == "" {
		return r.resource
	}
	return r.resource + "/" + r.sub
}

// path is where the API serves the object.
func (r resource) path() string {
	root := "/api/" + r.version
	if r.group != "" {
		root = "/apis/" + r.group + "/" + r.version
	}
	if r.wide {
		return root + "/" + r.resource + "/" + r.name
	}
	return root + "/namespaces/" + r.namespace + "/" + r.resource + "/" + r.name
}

// parsePath reads the path of a resource; ok is false where it is none that the server
// serves.
func parsePath(path string) (res resource, ok bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case len(parts) > 4 && parts[0] == "api" && parts[2] == "namespaces":
		res.version, parts = parts[1], parts[3:]
	case len(parts) > 5 && parts[0] == "apis" && parts[3] == "namespaces":
		res.group, res.version, parts = parts[1], parts[2], parts[4:]
	case len(parts) > 2 && parts[0] == "api":
		res.version, res.wide, parts = parts[1], true, append([]string{""}, parts[2:]...)
	default:
		return resource{}, false
	}
	res.namespace, res.resource = parts[0], parts[1]
	if len(parts) > 2 {
		res.name = parts[2]
	}
	if len(parts) > 3 {
		res.sub = parts[3]
	}
	return res, len(parts) <= 4 && serves(res)
}

// header is what the server reads of an object.
type header struct {
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
		UID       string `json:"uid"`
	} `json:"metadata"`
}

// ErrKind says that the server has no place for objects of a kind.
var ErrKind = errors.New("kind is not served by the fake API server")

// Put stores an object given as JSON, of a kind that the server knows. Its namespace is
// default where it names none; a missing UID is made up.
func (s *APIServer) Put(object []byte) error {
	var h header
	if err := json.Unmarshal(object, &h); err != nil {
		return fmt.Errorf("object: %w", err)
	}
	res, ok := served(h.Kind)
	if !ok {
		return fmt.Errorf("%w: %q", ErrKind, h.Kind)
	}
	res.name, res.namespace = h.Metadata.Name, h.Metadata.Namespace
	if res.namespace == "" && !res.wide {
		res.namespace = "default"
	}
	stored, err := edit(object, func(doc map[string]any) {
		metadata := child(doc, "metadata")
		if !res.wide {
			metadata["namespace"] = res.namespace
		}
		if h.Metadata.UID == "" {
			metadata["uid"] = "uid-of-" + res.namespace + "-" + res.name
		}
	})
	if err != nil {
		return err
	}
	return s.PutRaw(res.path(), stored)
}

// PutRaw stores whatever is to be served at the path of an object.
func (s *APIServer) PutRaw(path string, document []byte) error {
	if _, ok := parsePath(path); !ok {
		return fmt.Errorf("%w: %s", ErrKind, path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[path] = slices.Clone(document)
	return nil
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
	pod := resource{version: "v1", resource: "pods", namespace: namespace, name: name}
	var doc struct {
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(s.Object(pod.path()), &doc); err != nil {
		return nil
	}
	return doc.Metadata.Annotations
}

// Events are the events that were created, in order.
func (s *APIServer) Events() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// edit changes a copy of a JSON object.
func edit(object []byte, change func(map[string]any)) (json.RawMessage, error) {
	doc := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(string(object)))
	decoder.UseNumber()
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("object: %w", err)
	}
	change(doc)
	return json.Marshal(doc)
}

// child is the object under key, made where there is none.
func child(doc map[string]any, key string) map[string]any {
	if c, ok := doc[key].(map[string]any); ok {
		return c
	}
	c := map[string]any{}
	doc[key] = c
	return c
}

// get answers a GET of one object.
func (s *APIServer) get(w http.ResponseWriter, r *http.Request, res resource) {
	res.sub = ""
	object := s.Object(res.path())
	if object == nil {
		writeStatus(w, notFound(res))
		return
	}
	writeObject(w, r, object)
}

// list answers a GET of all objects of a namespace, or of a node's pods.
func (s *APIServer) list(w http.ResponseWriter, r *http.Request, res resource) {
	node, ofNode := strings.CutPrefix(r.URL.Query().Get("fieldSelector"), "spec.nodeName=")
	s.mu.Lock()
	items := []json.RawMessage{}
	for _, path := range slices.Sorted(maps.Keys(s.objects)) {
		within := strings.HasPrefix(path, res.path())
		if of, _ := parsePath(path); res.wide {
			within = of.resource == res.resource && of.group == res.group
		}
		if within && (!ofNode || nodeOf(s.objects[path]) == node) {
			items = append(items, s.objects[path])
		}
	}
	metadata := map[string]string{"resourceVersion": strconv.Itoa(s.version)}
	s.mu.Unlock()
	from, _ := strconv.Atoi(r.URL.Query().Get("continue")) // none: from the first
	items = items[min(from, len(items)):]
	if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && limit < len(items) {
		items, metadata["continue"] = items[:limit], strconv.Itoa(from+limit)
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"kind": "List", "apiVersion": "v1", "items": items, "metadata": metadata,
	})
}

// writeObject answers with the object, or with its metadata alone where the
// client would rather have that.
func writeObject(w http.ResponseWriter, r *http.Request, object json.RawMessage) {
	if strings.HasPrefix(strings.ReplaceAll(r.Header.Get("Accept"), " ", ""), "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1") {
		partial, err := edit(object, func(doc map[string]any) {
			maps.DeleteFunc(doc, func(key string, _ any) bool { return key != "metadata" })
			doc["kind"], doc["apiVersion"] = "PartialObjectMetadata", "meta.k8s.io/v1"
		})
		if err == nil {
			object = partial
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(object) // a client that goes away is not the server's problem
}

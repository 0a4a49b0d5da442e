package cnitest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// patch answers a merge patch of a pod, or of its status: of the metadata, the
// annotations and labels are merged; a UID in it has to be the pod's.
func (s *APIServer) patch(w http.ResponseWriter, r *http.Request, body []byte) {
	if kind := r.Header.Get("Content-Type"); kind != "application/merge-patch+json" && kind != "application/strategic-merge-patch+json" {
		writeStatus(w, byCode(http.StatusUnsupportedMediaType, "patch", resource{}))
		return
	}
	object, refusal := s.merge(r.URL.Path, body)
	if refusal != nil {
		writeStatus(w, refusal)
		return
	}
	writeObject(w, r, object)
}

// merge stores the pod of the path with the patch in it.
func (s *APIServer) merge(path string, body []byte) (json.RawMessage, *apierrors.StatusError) {
	res, _ := parsePath(path)
	res.sub = ""
	var patch struct {
		Metadata struct {
			UID         string         `json:"uid"`
			Annotations map[string]any `json:"annotations"`
			Labels      map[string]any `json:"labels"`
		} `json:"metadata"`
		Status map[string]any `json:"status"`
	}
	if err := json.Unmarshal(body, &patch); err != nil {
		return nil, apierrors.NewBadRequest("error decoding patch: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var h header
	stored, ok := s.objects[res.path()]
	if err := json.Unmarshal(stored, &h); !ok || err != nil {
		return nil, notFound(res)
	}
	if patch.Metadata.UID != "" && patch.Metadata.UID != h.Metadata.UID {
		return nil, immutable(h.Kind, res, patch.Metadata.UID)
	}
	s.version++
	changed, err := edit(stored, func(doc map[string]any) {
		metadata := child(doc, "metadata")
		metadata["resourceVersion"] = strconv.Itoa(s.version)
		overlay(metadata, "annotations", patch.Metadata.Annotations)
		overlay(metadata, "labels", patch.Metadata.Labels)
		overlay(doc, "status", patch.Status)
	})
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	s.objects[res.path()] = changed
	return changed, nil
}

// overlay merges values into the object under key; null takes a member away.
func overlay(doc map[string]any, key string, values map[string]any) {
	if values == nil {
		return
	}
	target := child(doc, key)
	for name, value := range values {
		if value == nil {
			delete(target, name)
			continue
		}
		target[name] = value
	}
}

// create answers the POST of an event.
func (s *APIServer) create(w http.ResponseWriter, res resource, body []byte) {
	var event struct {
		header
		InvolvedObject struct {
			Namespace string `json:"namespace"`
		} `json:"involvedObject"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		writeStatus(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	res.name = event.Metadata.Name
	if event.Kind != "Event" || event.APIVersion != "v1" || res.name == "" || strings.Contains(res.name, "/") {
		writeStatus(w, invalid("Event", res, field.Required(field.NewPath("metadata", "name"), "name or generateName is required")))
		return
	}
	if event.InvolvedObject.Namespace != res.namespace || event.Metadata.Namespace != res.namespace {
		writeStatus(w, invalid("Event", res, field.Invalid(field.NewPath("involvedObject", "namespace"), event.InvolvedObject.Namespace, "does not match event.namespace")))
		return
	}
	if !s.addEvent(res, body) {
		writeStatus(w, apierrors.NewAlreadyExists(res.grouped(), res.name))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(body) // a client that goes away is not the server's problem
}

// addEvent stores an event, unless there is one of its name.
func (s *APIServer) addEvent(res resource, body []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.objects[res.path()]; there {
		return false
	}
	s.objects[res.path()] = body
	s.events = append(s.events, body)
	return true
}

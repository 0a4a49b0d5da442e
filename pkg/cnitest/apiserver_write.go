package cnitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// patch answers a merge patch of a pod, or of its status; a UID in it has to be the pod's.
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
	var patch, pod metav1.PartialObjectMetadata
	if err := json.Unmarshal(body, &patch); err != nil {
		return nil, apierrors.NewBadRequest("error decoding patch: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, ok := s.objects[res.path()]
	if err := json.Unmarshal(stored, &pod); !ok || err != nil {
		return nil, notFound(res)
	}
	if patch.UID != "" && patch.UID != pod.UID {
		return nil, immutable(pod.Kind, res, string(patch.UID))
	}
	s.version++
	changed, err := jsonpatch.MergePatch(stored, body)
	if err == nil {
		changed, err = jsonpatch.MergePatch(changed, fmt.Appendf(nil, `{"metadata":{"resourceVersion":"%d"}}`, s.version))
	}
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	s.objects[res.path()] = changed
	return changed, nil
}

// create answers the POST of an event.
func (s *APIServer) create(w http.ResponseWriter, res resource, body []byte) {
	var event struct {
		metav1.PartialObjectMetadata
		InvolvedObject struct {
			Namespace string `json:"namespace"`
		} `json:"involvedObject"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		writeStatus(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	res.name = event.Name
	if event.Kind != "Event" || event.APIVersion != "v1" || res.name == "" || strings.Contains(res.name, "/") {
		writeStatus(w, invalid("Event", res, field.Required(field.NewPath("metadata", "name"), "name or generateName is required")))
		return
	}
	if event.InvolvedObject.Namespace != res.namespace || event.Namespace != res.namespace {
		writeStatus(w, invalid("Event", res, field.Invalid(field.NewPath("involvedObject", "namespace"), event.InvolvedObject.Namespace, "does not match event.namespace")))
		return
	}
	if !s.addEvent(res, body) {
		writeStatus(w, apierrors.NewAlreadyExists(res.GroupResource(), res.name))
		return
	}
	write(w, http.StatusCreated, "application/json", body)
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

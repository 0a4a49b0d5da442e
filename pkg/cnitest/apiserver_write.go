package cnitest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// patch answers a merge patch of a pod, or of its status; a UID in it has to be the pod's.
func (s *APIServer) patch(r *http.Request, res resource, body []byte) (any, *apierrors.StatusError) {
	if kind := r.Header.Get("Content-Type"); kind != "application/merge-patch+json" && kind != "application/strategic-merge-patch+json" {
		return nil, byCode(http.StatusUnsupportedMediaType, "patch", res)
	}
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
		changed, err = merged(changed, map[string]any{"metadata": map[string]string{"resourceVersion": strconv.Itoa(s.version)}})
	}
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	s.objects[res.path()] = changed
	return inPart(r, changed), nil
}

// create answers the POST of an event.
func (s *APIServer) create(res resource, body []byte) (any, *apierrors.StatusError) {
	var event struct {
		metav1.PartialObjectMetadata
		InvolvedObject struct {
			Namespace string `json:"namespace"`
		} `json:"involvedObject"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	res.name = event.Name
	if event.Kind != "Event" || event.APIVersion != "v1" || res.name == "" || strings.Contains(res.name, "/") {
		return nil, invalid("Event", res, field.Required(field.NewPath("metadata", "name"), "name or generateName is required"))
	}
	if event.InvolvedObject.Namespace != res.namespace || event.Namespace != res.namespace {
		return nil, invalid("Event", res, field.Invalid(field.NewPath("involvedObject", "namespace"), event.InvolvedObject.Namespace, "does not match event.namespace"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.objects[res.path()]; there {
		return nil, apierrors.NewAlreadyExists(res.GroupResource(), res.name)
	}
	s.objects[res.path()] = body
	s.events = append(s.events, body)
	return json.RawMessage(body), nil
}

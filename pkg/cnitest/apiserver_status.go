package cnitest

import (
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// writeStatus answers as a real server refuses.
func writeStatus(w http.ResponseWriter, err *apierrors.StatusError) {
	s := err.ErrStatus
	s.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	writeJSON(w, int(s.Code), s)
}

func notFound(res resource) *apierrors.StatusError {
	return apierrors.NewNotFound(res.GroupResource(), res.name)
}

func forbidden(verb string, res resource) *apierrors.StatusError {
	//lint:ignore ST1005 the words of the real one
	return apierrors.NewForbidden(res.GroupResource(), res.name, fmt.Errorf(
		"User %q cannot %s resource %q in API group %q in the namespace %q",
		"system:serviceaccount:kube-system:multus", verb, res.full(), res.Group, res.namespace))
}

func invalid(kind string, res resource, faults ...*field.Error) *apierrors.StatusError {
	return apierrors.NewInvalid(schema.GroupKind{Group: res.Group, Kind: kind}, res.name, faults)
}

// immutable is the answer to a write that names another UID than the object's. A
// real server, which validates twice, gives the cause twice.
func immutable(kind string, res resource, uid string) *apierrors.StatusError {
	fault := field.Invalid(field.NewPath("metadata", "uid"), uid, "field is immutable")
	return invalid(kind, res, fault, fault)
}

// byCode is the Status that a real server gives with the code.
func byCode(code int, verb string, res resource) *apierrors.StatusError {
	switch code {
	case http.StatusUnauthorized:
		return apierrors.NewUnauthorized("Unauthorized")
	case http.StatusForbidden:
		return forbidden(verb, res)
	case http.StatusNotFound:
		return notFound(res)
	case http.StatusConflict:
		return apierrors.NewConflict(res.GroupResource(), res.name,
			errors.New("the object has been modified; please apply your changes to the latest version and try again"))
	case http.StatusUnprocessableEntity:
		return immutable("Pod", res, "00000000-0000-0000-0000-000000000000")
	case http.StatusInternalServerError:
		return apierrors.NewInternalError(errors.New("etcdserver: request timed out"))
	}
	s := apierrors.NewGenericServerResponse(code, verb, res.GroupResource(), res.name, "", 0, false)
	if s.ErrStatus.Reason == metav1.StatusReasonUnknown {
		s.ErrStatus.Reason = metav1.StatusReasonInternalError
	}
	return s
}

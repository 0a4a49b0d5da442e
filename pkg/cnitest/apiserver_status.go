package cnitest

import (
	"fmt"
	"net/http"
)

// status is metav1.Status as it looks on the wire.
type status struct {
	Kind       string         `json:"kind"`
	APIVersion string         `json:"apiVersion"`
	Metadata   struct{}       `json:"metadata"`
	Status     string         `json:"status"`
	Message    string         `json:"message,omitempty"`
	Reason     string         `json:"reason,omitempty"`
	Details    *statusDetails `json:"details,omitempty"`
	Code       int            `json:"code"`
}

type statusDetails struct {
	Name   string        `json:"name,omitempty"`
	Group  string        `json:"group,omitempty"`
	Kind   string        `json:"kind,omitempty"`
	UID    string        `json:"uid,omitempty"`
	Causes []statusCause `json:"causes,omitempty"`
	Retry  int           `json:"retryAfterSeconds,omitempty"`
}

type statusCause struct {
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	Field   string `json:"field,omitempty"`
}

// failure is a Status of a refusal.
func failure(code int, reason, message string) status {
	return status{Kind: "Status", APIVersion: "v1", Status: "Failure", Message: message, Reason: reason, Code: code}
}

func writeStatus(w http.ResponseWriter, s status) { writeJSON(w, s.Code, s) }

func unauthorized() status {
	return failure(http.StatusUnauthorized, "Unauthorized", "Unauthorized")
}

func methodNotAllowed() status {
	return failure(http.StatusMethodNotAllowed, "MethodNotAllowed", "the server does not allow this method on the requested resource")
}

func badRequest(message string) status {
	return failure(http.StatusBadRequest, "BadRequest", message)
}

func notFound(res resource) status {
	s := failure(http.StatusNotFound, "NotFound", fmt.Sprintf("%s %q not found", res.qualified(), res.name))
	s.Details = &statusDetails{Name: res.name, Group: res.group, Kind: res.resource}
	return s
}

func forbidden(verb string, res resource) status {
	s := failure(http.StatusForbidden, "Forbidden", fmt.Sprintf(
		"%s %q is forbidden: User %q cannot %s resource %q in API group %q in the namespace %q",
		res.qualified(), res.name, "system:serviceaccount:kube-system:multus", verb, res.full(), res.group, res.namespace))
	s.Details = &statusDetails{Name: res.name, Group: res.group, Kind: res.resource}
	return s
}

func conflict(res resource, why string) status {
	s := failure(http.StatusConflict, "Conflict", fmt.Sprintf(
		"Operation cannot be fulfilled on %s %q: %s", res.qualified(), res.name, why))
	s.Details = &statusDetails{Name: res.name, Group: res.group, Kind: res.resource}
	return s
}

func alreadyExists(res resource) status {
	s := failure(http.StatusConflict, "AlreadyExists", fmt.Sprintf("%s %q already exists", res.qualified(), res.name))
	s.Details = &statusDetails{Name: res.name, Group: res.group, Kind: res.resource}
	return s
}

func invalid(res resource, field, why string) status {
	s := failure(http.StatusUnprocessableEntity, "Invalid", fmt.Sprintf("%s %q is invalid: %s: %s", res.qualified(), res.name, field, why))
	s.Details = &statusDetails{Name: res.name, Group: res.group, Kind: res.resource,
		Causes: []statusCause{{Reason: "FieldValueInvalid", Message: why, Field: field}}}
	return s
}

// immutable is the answer to a write that names another UID than the object's. A
// real server, which validates twice, gives the cause twice.
func immutable(kind string, res resource, uid string) status {
	why := fmt.Sprintf("Invalid value: %q: field is immutable", uid)
	s := failure(http.StatusUnprocessableEntity, "Invalid", fmt.Sprintf("%s %q is invalid: metadata.uid: %s", kind, res.name, why))
	cause := statusCause{Reason: "FieldValueInvalid", Message: why, Field: "metadata.uid"}
	s.Details = &statusDetails{Name: res.name, Group: res.group, Kind: kind, Causes: []statusCause{cause, cause}}
	return s
}

// byCode is the Status that a real server gives with the code.
func byCode(code int, verb string, res resource) status {
	switch code {
	case http.StatusUnauthorized:
		return unauthorized()
	case http.StatusForbidden:
		return forbidden(verb, res)
	case http.StatusNotFound:
		return notFound(res)
	case http.StatusConflict:
		return conflict(res, "the object has been modified; please apply your changes to the latest version and try again")
	case http.StatusUnprocessableEntity:
		return immutable("Pod", res, "00000000-0000-0000-0000-000000000000")
	case http.StatusTooManyRequests:
		return failure(code, "TooManyRequests", "the server has received too many requests and has asked us to try again later")
	case http.StatusServiceUnavailable:
		return failure(code, "ServiceUnavailable", "the server is currently unable to handle the request")
	case http.StatusGatewayTimeout:
		return failure(code, "Timeout", "the server was unable to return a response in the time allotted")
	}
	return failure(code, "InternalError", "Internal error occurred: etcdserver: request timed out")
}

package cnitest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodeOf is the node that a pod runs on.
func nodeOf(pod json.RawMessage) string {
	var doc struct {
		Spec struct{ NodeName string }
	}
	_ = json.Unmarshal(pod, &doc) // whatever else it is runs on none
	return doc.Spec.NodeName
}

// JWT is a token with the claims, and a signature that nobody looks at.
func JWT(claims map[string]any) string {
	encode := func(value any) string {
		data, _ := json.Marshal(value) // maps of plain values marshal
		return base64.RawURLEncoding.EncodeToString(data)
	}
	return encode(map[string]string{"alg": "none"}) + "." + encode(claims) + ".c2lnbmF0dXJl"
}

// AccountToken is a JWT as a server makes them for service accounts, bound to what
// bound says: "node" and "pod", each with name and uid.
func AccountToken(namespace, account string, lifetime time.Duration, bound map[string]any) string {
	now := time.Now()
	kubernetes := map[string]any{"namespace": namespace, "serviceaccount": map[string]any{"name": account}}
	maps.Copy(kubernetes, bound)
	return JWT(map[string]any{
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(), "jti": now.UnixNano(),
		"sub": "system:serviceaccount:" + namespace + ":" + account, "kubernetes.io": kubernetes,
	})
}

// createToken answers a TokenRequest. A node that it names must be there, of that UID.
func (s *APIServer) createToken(res resource, body []byte) (any, *apierrors.StatusError) {
	var ask struct {
		Kind string
		Spec struct {
			ExpirationSeconds int64
			BoundObjectRef    *metav1.OwnerReference // has its members too
		}
	}
	if err := json.Unmarshal(body, &ask); err != nil || ask.Kind != "TokenRequest" {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("no TokenRequest: %v", err))
	}
	bound := map[string]any{}
	if ref := ask.Spec.BoundObjectRef; ref != nil {
		var node metav1.PartialObjectMetadata
		at := kinds()["Node"]
		at.name = ref.Name
		if ref.Kind != "Node" || json.Unmarshal(s.Object(at.path()), &node) != nil {
			return nil, notFound(at)
		}
		if ref.UID != "" && ref.UID != node.UID {
			return nil, apierrors.NewConflict(at.GroupResource(), at.name, errors.New("the UID in the bound object reference does not match the UID in record"))
		}
		bound["node"] = map[string]any{"name": ref.Name, "uid": node.UID}
	}
	token := AccountToken(res.namespace, res.name, time.Duration(ask.Spec.ExpirationSeconds)*time.Second, bound)
	return map[string]any{
		"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "status": map[string]any{"token": token},
	}, nil
}

// deletePod answers the DELETE of a pod, if it is as the preconditions say.
func (s *APIServer) deletePod(res resource, body []byte) (any, *apierrors.StatusError) {
	var options metav1.DeleteOptions
	var pod metav1.PartialObjectMetadata
	err := json.Unmarshal(body, &options)
	switch stored := s.Object(res.path()); {
	case err != nil:
		return nil, apierrors.NewBadRequest(err.Error())
	case stored == nil || json.Unmarshal(stored, &pod) != nil:
		return nil, notFound(res)
	}
	if want := options.Preconditions; want != nil &&
		(want.UID != nil && *want.UID != pod.UID || want.ResourceVersion != nil && *want.ResourceVersion != pod.ResourceVersion) {
		return nil, apierrors.NewConflict(res.GroupResource(), res.name, errors.New("the precondition does not match"))
	}
	s.Delete(res.path())
	return pod, nil
}

// patchNode answers a JSON patch of a node that begins with a test.
func (s *APIServer) patchNode(r *http.Request, res resource, body []byte) (any, *apierrors.StatusError) {
	patch, err := jsonpatch.DecodePatch(body)
	if r.Header.Get("Content-Type") != "application/json-patch+json" || err != nil || len(patch) == 0 || patch[0].Kind() != "test" {
		return nil, byCode(http.StatusUnsupportedMediaType, "patch", res)
	}
	node := s.Object(res.path())
	if node == nil {
		return nil, notFound(res)
	}
	changed, err := patch.Apply(node)
	if err != nil {
		return nil, byCode(http.StatusConflict, "patch", res)
	}
	s.store(res, changed)
	return inPart(r, changed), nil
}

package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/multus-cni/multus/pkg/plan"
)

// Account prepares a client for the API server at a URL as the service account whose
// projected files, token and ca.crt, are in a directory.
func Account(server, dir string) *Client {
	cluster := clientcmdapi.Cluster{Server: server, CertificateAuthority: filepath.Join(dir, "ca.crt")}
	return &Client{kubeconfig: dir, file: fileFor(cluster, filepath.Join(dir, "token"))}
}

// Kubeconfig is a kubeconfig for the API server at a URL and a token that is in a file,
// which can be renewed without touching the kubeconfig.
func Kubeconfig(server string, authority []byte, tokenFile string) ([]byte, error) {
	return clientcmd.Write(*fileFor(clientcmdapi.Cluster{Server: server, CertificateAuthorityData: authority}, tokenFile))
}

func fileFor(cluster clientcmdapi.Cluster, tokenFile string) *clientcmdapi.Config {
	const one = "multus"
	file := clientcmdapi.NewConfig()
	file.Clusters[one] = &cluster
	file.AuthInfos[one] = &clientcmdapi.AuthInfo{TokenFile: tokenFile}
	file.Contexts[one] = &clientcmdapi.Context{Cluster: one, AuthInfo: one}
	file.CurrentContext = one
	return file
}

// Identity is what a service account's token says of itself.
type Identity struct {
	Issued, Expires    time.Time // zero where that cannot be seen
	Namespace, Account string
	// Pod is the pod that the token ends with; empty: no pod.
	Pod string
	// Node and NodeUID are where that pod runs, or what the token ends with.
	Node, NodeUID string
}

// IdentityOf reads a token that is a JSON Web Token (RFC 7519), as those of service
// accounts are; of any other there is nothing to be seen.
func IdentityOf(token string) Identity {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return Identity{}
	}
	type object struct{ Name, UID string }
	var claims struct {
		Expiry  float64 `json:"exp"`
		Issued  float64 `json:"iat"`
		Subject string  `json:"sub"`
		Bound   struct {
			Node, Pod object
		} `json:"kubernetes.io"`
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return Identity{}
	}
	id := Identity{
		Issued: moment(claims.Issued), Expires: moment(claims.Expiry),
		Pod: claims.Bound.Pod.Name, Node: claims.Bound.Node.Name, NodeUID: claims.Bound.Node.UID,
	}
	if account, isOne := strings.CutPrefix(claims.Subject, "system:serviceaccount:"); isOne {
		id.Namespace, id.Account, _ = strings.Cut(account, ":")
	}
	return id
}

// moment is a NumericDate; zero where none is given.
func moment(seconds float64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// tokenRequest is authentication.k8s.io's, as far as it is used.
type tokenRequest struct {
	metav1.TypeMeta
	Spec struct {
		ExpirationSeconds int64      `json:"expirationSeconds"`
		BoundObjectRef    *objectRef `json:"boundObjectRef,omitempty"`
	} `json:"spec"`
	Status struct {
		Token string `json:"token"`
	} `json:"status"`
}

// Token asks for a token of a service account. With a node it ends with that node
// (KEP-4193), and not with the pod that asks for it. ErrDenied: the server answers
// that there is none to be had in this way.
func (c *Client) Token(ctx context.Context, account plan.Ref, node Identity, lifetime time.Duration) (string, error) {
	ask := tokenRequest{TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenRequest"}}
	ask.Spec.ExpirationSeconds = int64(lifetime / time.Second)
	if node.Node != "" {
		ask.Spec.BoundObjectRef = &objectRef{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, Name: node.Node, UID: types.UID(node.NodeUID)}
	}
	q := request{verb: "create", resource: core("serviceaccounts"), ref: account, subresource: "token", body: ask}
	body, f := c.do(ctx, q)
	if f != nil {
		code := int(f.status.Code)
		return "", f.denial(code/100 == 4 && code != http.StatusUnauthorized && code != http.StatusTooManyRequests)
	}
	var answer tokenRequest
	if err := q.decode(body, &answer); err != nil {
		return "", err
	}
	if answer.Status.Token == "" {
		return "", unavailable("answered without token")
	}
	return answer.Status.Token, nil
}

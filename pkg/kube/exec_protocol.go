package kube

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
)

// execInfoVariable is the environment variable that holds an ExecCredential for
// the plugin to read.
const execInfoVariable = "KUBERNETES_EXEC_INFO"

// execExtension is the cluster's extension that is meant for exec plugins.
const execExtension = "client.authentication.k8s.io/exec"

const execKind = "ExecCredential"

// execRequest is the ExecCredential that a plugin gets.
type execRequest struct {
	Kind       string   `json:"kind"`
	APIVersion string   `json:"apiVersion"`
	Spec       execSpec `json:"spec"`
}

type execSpec struct {
	Cluster     *execCluster `json:"cluster,omitempty"`
	Interactive bool         `json:"interactive"`
}

type execCluster struct {
	Server                   string          `json:"server"`
	TLSServerName            string          `json:"tls-server-name,omitempty"`
	InsecureSkipTLSVerify    bool            `json:"insecure-skip-tls-verify,omitempty"`
	CertificateAuthorityData []byte          `json:"certificate-authority-data,omitempty"`
	ProxyURL                 string          `json:"proxy-url,omitempty"`
	DisableCompression       bool            `json:"disable-compression,omitempty"`
	Config                   json.RawMessage `json:"config,omitempty"`
}

// execInfo is what the user's plugin is told.
func execInfo(a access, ca []byte) (string, error) {
	request := execRequest{Kind: execKind, APIVersion: a.user.Exec.APIVersion}
	if a.user.Exec.ProvideClusterInfo {
		request.Spec.Cluster = &execCluster{
			Server: a.cluster.Server, TLSServerName: a.cluster.TLSServerName,
			InsecureSkipTLSVerify: a.cluster.InsecureSkipTLSVerify, CertificateAuthorityData: ca,
			ProxyURL: a.cluster.ProxyURL, DisableCompression: a.cluster.DisableCompression,
			Config: extension(a.cluster, execExtension),
		}
	}
	text, err := json.Marshal(request)
	return string(text), err
}

// extension is the cluster's extension of that name.
func extension(cluster cluster, name string) json.RawMessage {
	for _, e := range cluster.Extensions {
		if e.Name == name {
			return e.Extension
		}
	}
	return nil
}

// execAnswer is the ExecCredential that a plugin gives. When it expires is of no
// interest: a process is over by then, and asks anew where the server minds.
type execAnswer struct {
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion"`
	Status     *struct {
		Token       string `json:"token"`
		Certificate string `json:"clientCertificateData"`
		Key         string `json:"clientKeyData"`
	} `json:"status"`
}

// readCredential reads what a plugin printed. Nothing of it is repeated in errors.
func readCredential(data []byte, version string) (*credential, error) {
	var answer execAnswer
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, errors.New("what it printed is no ExecCredential in JSON")
	}
	switch s := answer.Status; {
	case answer.Kind != execKind:
		return nil, fmt.Errorf("what it printed is not of kind %s", execKind)
	case answer.APIVersion != version:
		return nil, fmt.Errorf("what it printed is not of apiVersion %s, as user.exec.apiVersion says", version)
	case s == nil || s.Token == "" && s.Certificate == "" && s.Key == "":
		return nil, errors.New("what it printed has neither status.token nor status.clientCertificateData")
	case s.Certificate == "" || s.Key == "":
		if s.Certificate != s.Key {
			return nil, errors.New("what it printed has one of status.clientCertificateData and clientKeyData, and needs both")
		}
		return &credential{token: s.Token}, nil
	}
	cert, err := tls.X509KeyPair([]byte(answer.Status.Certificate), []byte(answer.Status.Key))
	if err != nil {
		return nil, fmt.Errorf("the client certificate it printed: %w", err)
	}
	return &credential{token: answer.Status.Token, cert: &cert}, nil
}

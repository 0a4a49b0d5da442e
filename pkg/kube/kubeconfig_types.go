package kube

import "encoding/json"

// kubeconfigFile is the file (Kubernetes configuration API, v1), as much of it as
// Multus uses. client-go has types of its own for it; they bring a quarter of
// its packages along, each of which would cost every start.
type kubeconfigFile struct {
	Kind           string         `json:"kind"`
	APIVersion     string         `json:"apiVersion"`
	CurrentContext string         `json:"current-context"`
	Clusters       []namedCluster `json:"clusters"`
	Users          []namedUser    `json:"users"`
	Contexts       []namedContext `json:"contexts"`
}

type namedCluster struct {
	Name    string  `json:"name"`
	Cluster cluster `json:"cluster"`
}

type namedUser struct {
	Name string `json:"name"`
	User user   `json:"user"`
}

type namedContext struct {
	Name    string `json:"name"`
	Context struct {
		Cluster string `json:"cluster"`
		User    string `json:"user"`
	} `json:"context"`
}

// cluster is an API server. Data goes before the file of the same kind.
type cluster struct {
	Server                   string           `json:"server"`
	TLSServerName            string           `json:"tls-server-name"`
	InsecureSkipTLSVerify    bool             `json:"insecure-skip-tls-verify"`
	CertificateAuthority     string           `json:"certificate-authority"`
	CertificateAuthorityData []byte           `json:"certificate-authority-data"`
	ProxyURL                 string           `json:"proxy-url"`
	DisableCompression       bool             `json:"disable-compression"`
	Extensions               []namedExtension `json:"extensions"`
}

type namedExtension struct {
	Name      string          `json:"name"`
	Extension json.RawMessage `json:"extension"`
}

// user is who somebody is to an API server, in one way or another.
type user struct {
	ClientCertificate     string              `json:"client-certificate"`
	ClientCertificateData []byte              `json:"client-certificate-data"`
	ClientKey             string              `json:"client-key"`
	ClientKeyData         []byte              `json:"client-key-data"`
	Token                 string              `json:"token"`
	TokenFile             string              `json:"tokenFile"`
	Impersonate           string              `json:"as"`
	ImpersonateUID        string              `json:"as-uid"`
	ImpersonateGroups     []string            `json:"as-groups"`
	ImpersonateUserExtra  map[string][]string `json:"as-user-extra"`
	Username              string              `json:"username"`
	Password              string              `json:"password"`
	AuthProvider          *struct {
		Name string `json:"name"`
	} `json:"auth-provider"`
	Exec *execConfig `json:"exec"`
}

// execConfig is a program that fetches credentials.
type execConfig struct {
	Command            string    `json:"command"`
	Args               []string  `json:"args"`
	Env                []execEnv `json:"env"`
	APIVersion         string    `json:"apiVersion"`
	InstallHint        string    `json:"installHint"`
	ProvideClusterInfo bool      `json:"provideClusterInfo"`
	InteractiveMode    string    `json:"interactiveMode"`
}

type execEnv struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Values of InteractiveMode.
const (
	interactNever       = "Never"
	interactIfAvailable = "IfAvailable"
	interactAlways      = "Always"
)

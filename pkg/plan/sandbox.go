package plan

import "strings"

// Sandbox is the container that a runtime names in a CNI call.
type Sandbox struct {
	ContainerID string `json:"containerID"`
	NetNS       string `json:"netns,omitempty"` // path; may be empty or gone after ADD
	IfName      string `json:"ifName"`          // CNI_IFNAME: the master's interface
	Args        string `json:"args,omitempty"`  // CNI_ARGS as it came
}

// Pod is the pod that CNI_ARGS names, without annotations; the zero Pod where it
// names none. Everything else in CNI_ARGS is the delegates' business, so unknown
// keys and odd pairs are no faults here.
func (sb Sandbox) Pod() Pod {
	values := make(map[string]string)
	for pair := range strings.SplitSeq(sb.Args, ";") {
		key, value, _ := strings.Cut(pair, "=")
		values[key] = value
	}
	pod := Pod{Namespace: values["K8S_POD_NAMESPACE"], Name: values["K8S_POD_NAME"], UID: values["K8S_POD_UID"]}
	if pod.Namespace == "" || pod.Name == "" {
		return Pod{}
	}
	return pod
}

// Pod is what Multus knows of the pod whose sandbox it is. The zero value means
// that there is no pod: a container outside Kubernetes.
type Pod struct {
	Namespace   string            `json:"namespace,omitempty"`
	Name        string            `json:"name,omitempty"`
	UID         string            `json:"uid,omitempty"`
	Annotations map[string]string `json:"-"`
}

// IsZero tells that there is no pod.
func (p Pod) IsZero() bool { return p.Name == "" }

// Static tells that the kubelet runs the pod from a file or URL of its own: the
// API server's pod is a mirror with another UID.
func (p Pod) Static() bool {
	source, given := p.Annotations["kubernetes.io/config.source"]
	return given && source != "api"
}

// String is namespace/name.
func (p Pod) String() string { return p.Namespace + "/" + p.Name }

package plan_test

import (
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/plan"
)

func FuzzPodOfSandbox(f *testing.F) {
	for _, seed := range []string{"IgnoreUnknown=1;K8S_POD_NAMESPACE=ns1;K8S_POD_NAME=p1;K8S_POD_UID=uid-1", "", ";", "=", "K8S_POD_NAME", "K8S_POD_NAME=a=b;K8S_POD_NAMESPACE=;;", "K8S_POD_NAME=a;K8S_POD_NAMESPACE=b;K8S_POD_NAME="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, args string) {
		pod := plan.Sandbox{Args: args}.Pod()
		if (pod.Name == "") != (pod.Namespace == "") {
			t.Errorf("%q: half a pod, %+v", args, pod)
		}
		for _, part := range []string{pod.Name, pod.Namespace, pod.UID} {
			if strings.Contains(part, ";") || !strings.Contains(args, part) {
				t.Errorf("%q: %+v", args, pod)
			}
		}
	})
}

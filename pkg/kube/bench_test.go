package kube

import (
	"fmt"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

// What a process pays for that makes one request: kubeconfig, TLS and all.
func BenchmarkFirstPod(b *testing.B) {
	s := cnitest.NewAPIServer(b, podA)
	kubeconfig := s.KubeconfigFile(b)
	b.ReportAllocs()
	for b.Loop() {
		c := Dial(kubeconfig)
		_, err := c.Pod(b.Context(), "default", "a")
		cnitest.Must(b, err)
		c.Close()
	}
}

// And one whose first requests are eight at once.
func BenchmarkFirstDefinitions(b *testing.B) {
	s := cnitest.NewAPIServer(b)
	var refs []plan.Ref
	for i := range 8 {
		ref := plan.Ref{Namespace: "default", Name: fmt.Sprintf("net-%d", i)}
		refs = append(refs, ref)
		cnitest.Must(b, s.Put([]byte(nad(ref.Namespace, ref.Name, `{"type":"x"}`))))
	}
	kubeconfig := s.KubeconfigFile(b)
	b.ReportAllocs()
	for b.Loop() {
		c := Dial(kubeconfig)
		for ref, answer := range c.Definitions(b.Context(), plan.KindNAD, refs) {
			if answer.Err != nil {
				b.Fatalf("%s: %v", ref, answer.Err)
			}
		}
		c.Close()
	}
}

// Each request after that.
func BenchmarkPod(b *testing.B) {
	c := dial(b, cnitest.NewAPIServer(b, podA))
	b.ReportAllocs()
	for b.Loop() {
		_, err := c.Pod(b.Context(), "default", "a")
		cnitest.Must(b, err)
	}
}

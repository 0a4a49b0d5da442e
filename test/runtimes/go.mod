// The runtimes' own code brings its dependencies along: a module of its own keeps them
// out of multus's go.mod.
module github.com/multus-cni/multus/test/runtimes

go 1.26.0

require (
	github.com/containerd/go-cni v1.1.13 // that of containerd 2.2
	github.com/containernetworking/cni v1.3.1
	github.com/cri-o/ocicni v0.4.3 // that of CRI-O 1.34
	github.com/fsnotify/fsnotify v1.10.1
	github.com/multus-cni/multus v0.0.0
	github.com/sirupsen/logrus v1.10.2
	github.com/vishvananda/netlink v1.3.1 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

require (
	github.com/containernetworking/plugins v1.9.1 // indirect
	github.com/fxamacker/cbor/v2 v2.9.1 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/json-iterator/go v1.1.12 // indirect
	github.com/modern-go/concurrent v0.0.0-20180306012644-bacd9c7ef1dd // indirect
	github.com/modern-go/reflect2 v1.0.3-0.20250322232337-35a7c28c31ee // indirect
	github.com/petermattis/goid v0.0.0-20240813172612-4fcff4a6cae7 // indirect
	github.com/sasha-s/go-deadlock v0.3.5 // indirect
	github.com/vishvananda/netns v0.0.5 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	go.opentelemetry.io/otel v1.29.0 // indirect
	go.opentelemetry.io/otel/trace v1.29.0 // indirect
	go.yaml.in/yaml/v2 v2.4.4 // indirect
	golang.org/x/net v0.59.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	gopkg.in/evanphx/json-patch.v4 v4.13.0 // indirect
	gopkg.in/inf.v0 v0.9.1 // indirect
	k8s.io/apimachinery v0.37.2 // indirect
	k8s.io/klog/v2 v2.140.0 // indirect
	k8s.io/kube-openapi v0.0.0-20260721132016-d427ff9ee9ad // indirect
	k8s.io/utils v0.0.0-20260626114624-be93311217bd // indirect
	sigs.k8s.io/json v0.0.0-20250730193827-2d320260d730 // indirect
	sigs.k8s.io/randfill v1.0.0 // indirect
	sigs.k8s.io/structured-merge-diff/v6 v6.4.2 // indirect
)

replace github.com/multus-cni/multus => ../..

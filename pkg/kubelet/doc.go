// Package kubelet asks the kubelet which devices it gave a pod: over its
// pod-resources socket, or from its checkpoint file where there is no socket.
// What neither knows is looked for among the pod's resource claims, which the API
// server has. Nothing is asked before a network of a pod names a resource.
package kubelet

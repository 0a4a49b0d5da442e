// Clientgo does nothing, with those packages of client-go linked that read a
// kubeconfig and make its transport: no command of multus starts cheaper.
package main

import (
	_ "k8s.io/client-go/rest"
	_ "k8s.io/client-go/tools/clientcmd"
)

func main() {}

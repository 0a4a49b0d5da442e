// Package rpc makes gRPC calls to the programs of this node: one message to a Unix
// socket, and one back.
//
// It does so over net/http's HTTP/2, and reads messages field by field. With
// google.golang.org/grpc and the generated clients every start of the plugin
// would take a third longer, also where nobody is called.
package rpc

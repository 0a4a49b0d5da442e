package kube

import (
	"fmt"
	"sync"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/multus-cni/multus/pkg/plan"
)

// Client is the API server that a kubeconfig file names. It may be used by
// several goroutines at once.
type Client struct {
	kubeconfig string               // its path; of a service account its directory
	file       *clientcmdapi.Config // what it says; nil: that is still to be read

	mu   sync.Mutex
	link *link
}

// Dial prepares a client for the API server that the kubeconfig file names; nil where
// no file is named. It neither connects nor reads the file: the first request does
// both, so that a command that makes none pays for none.
func Dial(kubeconfig string) *Client {
	if kubeconfig == "" {
		return nil
	}
	return &Client{kubeconfig: kubeconfig}
}

// Close drops the connection. The client stays usable.
func (c *Client) Close() {
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l != nil {
		c.abandon(l)
	}
}

// connect is the client's link of now, made with the first call.
func (c *Client) connect() (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		return c.link, nil
	}
	l, err := c.newLink()
	if err != nil {
		return nil, unavailable("kubeconfig %s: %w", c.kubeconfig, err)
	}
	c.link = l
	return l, nil
}

// abandon has the next request connect anew, with all credentials read anew,
// unless that has been done since: what broke, hangs or is not accepted tends to
// stay so for the life of a connection.
func (c *Client) abandon(l *link) {
	c.mu.Lock()
	if c.link == l {
		c.link = nil
	}
	c.mu.Unlock()
	l.close()
}

// unavailable is an error of the kind plan.ErrUnavailable.
func unavailable(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{plan.ErrUnavailable}, args...)...)
}

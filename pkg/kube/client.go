package kube

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/multus-cni/multus/pkg/plan"
)

// Client is the API server that a kubeconfig file names. It may be used by
// several goroutines at once.
type Client struct {
	kubeconfig string
	load       func() (*endpoint, error)

	mu   sync.Mutex
	link *link
}

var errNoKubeconfig = errors.New("kubeconfig: no file is named")

// Dial prepares a client for the API server that the kubeconfig file names. It
// neither connects nor reads the file: the first request does both, so that a
// command that makes none pays for none.
func Dial(kubeconfig string) (*Client, error) {
	if kubeconfig == "" {
		return nil, errNoKubeconfig
	}
	if !filepath.IsAbs(kubeconfig) {
		return nil, fmt.Errorf("kubeconfig %q: an absolute path is expected", kubeconfig)
	}
	load := func() (*endpoint, error) {
		e, err := loadEndpoint(kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("%w: kubeconfig %s: %w", plan.ErrUnavailable, kubeconfig, err)
		}
		return e, nil
	}
	return &Client{kubeconfig: kubeconfig, load: sync.OnceValues(load)}, nil
}

// Close drops the connection. The client stays usable.
func (c *Client) Close() {
	c.mu.Lock()
	old := c.link
	c.link = nil
	c.mu.Unlock()
	if old != nil {
		old.close()
	}
}

// connect is the client's connection of now, made with the first call.
func (c *Client) connect(e *endpoint) (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		return c.link, nil
	}
	l, err := newLink(e)
	if err != nil {
		return nil, fmt.Errorf("%w: kubeconfig %s: %w", plan.ErrUnavailable, c.kubeconfig, err)
	}
	c.link = l
	return l, nil
}

// abandon has the next request connect anew, unless that is so already: what
// broke or hangs once tends to stay so for the life of a connection.
func (c *Client) abandon(l *link) {
	c.mu.Lock()
	if c.link == l {
		c.link = nil
	}
	c.mu.Unlock()
	l.close()
}

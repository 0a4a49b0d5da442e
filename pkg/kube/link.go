package kube

import (
	"net"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// Bounds of a connection that no deadline of a request covers: net/http goes on
// connecting for the benefit of later requests when a request is given up.
const (
	dialTimeout = 10 * time.Second
	idleTimeout = 30 * time.Second
)

// link is one connection to the API server, and who Multus is on it.
type link struct {
	http.RoundTripper
	base       *url.URL
	shown      string       // the same for messages, without a password
	conf       *rest.Config // how it is reached, and as whom
	credential string       // what identifies Multus, for messages
	close      func()       // drops the connection as soon as no request uses it
}

// newLink prepares a connection; the first request opens it. client-go's own
// transports are not used: all links to one address would be the same connection.
func (c *Client) newLink() (*link, error) {
	conf, err := c.access()
	if err != nil {
		return nil, err
	}
	base, _, err := rest.DefaultServerUrlFor(conf)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Hostname() == "" {
		return nil, errOddServer
	}
	credential := credentialOf(conf)
	if base.Scheme == "http" {
		credential = "user, who is anonymous without https,"
	}
	if conf.Proxy == nil {
		conf.Proxy = http.ProxyFromEnvironment
	}
	tls, err := rest.TLSConfigFor(conf)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy:               conf.Proxy,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:     tls,
		TLSHandshakeTimeout: dialTimeout,
		IdleConnTimeout:     idleTimeout,
		MaxConnsPerHost:     1, // else each of several first requests would shake hands, which costs more than all the rest
		ForceAttemptHTTP2:   true,
		DisableCompression:  true, // unpacking costs more than a LAN's bandwidth
	}
	conf.UserAgent = userAgent()
	wrapped, err := rest.HTTPWrappersForConfig(conf, transport)
	if err != nil {
		return nil, err
	}
	l := &link{
		RoundTripper: wrapped, base: base, shown: strings.TrimSuffix(base.Redacted(), "/"),
		conf: conf, credential: credential, close: transport.CloseIdleConnections,
	}
	if conf.ExecProvider != nil {
		l.RoundTripper = impatient{RoundTripper: wrapped, plugin: conf.ExecProvider.Command}
	}
	return l, nil
}

// userAgent is how requests name Multus: multus/v1.2.3 (linux/amd64).
func userAgent() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = strings.Trim(info.Main.Version, "()")
	}
	return "multus/" + version + " (" + runtime.GOOS + "/" + runtime.GOARCH + ")"
}

package kube

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"

	"k8s.io/client-go/transport"
)

// endpoint is what a kubeconfig file says of an API server and how to get in.
type endpoint struct {
	base        string // the URL that paths are appended to
	shown       string // the same for messages, without a password
	exec        string // the plugin that fetches credentials, if any
	kind        string // what identifies Multus to the server, for messages
	userAgent   string
	tls         *tls.Config // nil: the system's
	proxy       func(*http.Request) (*url.URL, error)
	wrap        func(http.RoundTripper) (http.RoundTripper, error)
	credentials credentials // nil: none that a request carries
}

var (
	errOddServer = errors.New("cluster.server: no URL; one such as https://10.0.0.1:6443 is expected")
	errOddProxy  = errors.New("cluster.proxy-url: no URL; http://…, https://… or socks5://… is expected")
)

// loadEndpoint reads a kubeconfig file.
func loadEndpoint(path string) (*endpoint, error) {
	a, err := readAccess(path)
	if err != nil {
		return nil, err
	}
	base, err := serverURL(a.cluster.Server)
	if err != nil {
		return nil, err
	}
	e := &endpoint{
		base:      strings.TrimSuffix(base.String(), "/"),
		shown:     strings.TrimSuffix(base.Redacted(), "/"),
		kind:      "user, who is anonymous without https,",
		userAgent: userAgent(),
	}
	if e.proxy, err = proxyFor(a.cluster.ProxyURL); err != nil {
		return nil, err
	}
	conf := &transport.Config{Impersonate: transport.ImpersonationConfig{
		UserName: a.user.Impersonate, UID: a.user.ImpersonateUID,
		Groups: a.user.ImpersonateGroups, Extra: a.user.ImpersonateUserExtra,
	}}
	if base.Scheme == "https" { // anywhere else credentials could be overheard
		if err := e.secure(a, conf); err != nil {
			return nil, err
		}
	}
	e.wrap = func(rt http.RoundTripper) (http.RoundTripper, error) {
		return transport.HTTPWrappersForConfig(conf, rt)
	}
	return e, nil
}

// serverURL is the URL of a server. As for client-go one without a scheme is http.
func serverURL(server string) (*url.URL, error) {
	base, err := url.Parse(server)
	if err != nil || base.Scheme == "" || base.Host == "" {
		base, err = url.Parse("http://" + server)
		if err != nil || strings.Trim(base.Path, "/") != "" {
			return nil, errOddServer // without the cause, which may show a password
		}
	}
	if base.Scheme != "https" && base.Scheme != "http" || base.Hostname() == "" {
		return nil, errOddServer
	}
	base.RawQuery, base.Fragment, base.RawFragment, base.ForceQuery = "", "", "", false
	return base, nil
}

// proxyFor is how to find the proxy.
func proxyFor(text string) (func(*http.Request) (*url.URL, error), error) {
	if text == "" {
		return http.ProxyFromEnvironment, nil
	}
	proxy, err := url.Parse(text)
	if err != nil || proxy.Scheme != "http" && proxy.Scheme != "https" && proxy.Scheme != "socks5" {
		return nil, errOddProxy // without the cause, which may show a password
	}
	return http.ProxyURL(proxy), nil
}

// secure sets up how the server is known, and who Multus is to it.
func (e *endpoint) secure(a access, conf *transport.Config) error {
	conf.TLS = transport.TLSConfig{
		Insecure: a.cluster.InsecureSkipTLSVerify, ServerName: a.cluster.TLSServerName,
		CAFile: a.cluster.CertificateAuthority, CAData: a.cluster.CertificateAuthorityData,
	}
	if certified(&a.user) {
		conf.TLS.CertFile, conf.TLS.CertData = a.user.ClientCertificate, a.user.ClientCertificateData
		conf.TLS.KeyFile, conf.TLS.KeyData = a.user.ClientKey, a.user.ClientKeyData
	}
	var err error
	if e.tls, err = transport.TLSConfigFor(conf); err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	if conf.HasCertAuth() {
		if _, err := e.tls.GetClientCertificate(&tls.CertificateRequestInfo{}); err != nil {
			return fmt.Errorf("certificates: client-certificate: %w", err)
		}
	}
	conf.Username, conf.Password = a.user.Username, a.user.Password
	return e.identify(a, conf.TLS.CAData)
}

// identify sets up what requests carry, and what messages call it. Bearer tokens
// stay out of client-go's hands: it would keep one for a minute, and try again
// with it after the server has turned it down.
func (e *endpoint) identify(a access, ca []byte) error {
	user := &a.user
	switch {
	case user.Token != "" || user.TokenFile != "":
		e.kind = "token"
		held, err := newTokens(user)
		if err != nil {
			return err
		}
		e.credentials = held
	case certified(user):
		e.kind = "client certificate"
	case user.Username != "":
		e.kind = "user name and password"
	case user.Exec != nil:
		e.exec = shorten(user.Exec.Command, maxText)
		e.kind = "credential from the exec plugin " + e.exec
		return e.ask(a, ca)
	default:
		e.kind = "user, who has neither token nor certificate,"
	}
	return nil
}

// ask has the user's exec plugin asked for credentials, with the first request.
func (e *endpoint) ask(a access, ca []byte) error {
	plugin, err := newExecPlugin(a, ca)
	if err != nil {
		return err
	}
	if e.tls == nil {
		e.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	e.tls.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return plugin.certificate(r.Context())
	}
	e.credentials = plugin
	return nil
}

// certificates tells whether a connection may have been made with a certificate
// that is to be replaced by now.
func (e *endpoint) certificates() bool { return e.tls != nil && e.tls.GetClientCertificate != nil }

// userAgent is how requests name Multus: multus/v1.2.3 (linux/amd64).
func userAgent() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = strings.Trim(info.Main.Version, "()")
	}
	if version == "" {
		version = "devel"
	}
	return "multus/" + version + " (" + runtime.GOOS + "/" + runtime.GOARCH + ")"
}

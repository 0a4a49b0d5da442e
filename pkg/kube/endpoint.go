package kube

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// endpoint is what a kubeconfig file says of an API server and how to get in.
type endpoint struct {
	base      string // the URL that paths are appended to
	shown     string // the same for messages, without a password
	exec      string // the plugin that fetches credentials, if any
	kind      string // what identifies Multus to the server, for messages
	userAgent string
	tls       *tls.Config // nil: the system's
	proxy     func(*http.Request) (*url.URL, error)
	wrap      func(http.RoundTripper) (http.RoundTripper, error)
	tokens    *tokens // nil: no bearer token of its own
}

const maxKubeconfig = 4 << 20

var (
	errEmptyKubeconfig = errors.New("the file is empty; write a kubeconfig with a cluster, a user and a current-context into it")
	errNoContext       = errors.New("current-context: missing; name the context to be used")
	errNoServer        = errors.New("cluster.server: missing; a service account's mounted folder is not looked at, write the API server's URL here")
	errTwoIdentities   = errors.New("user: token and username; give one of them")
)

// loadEndpoint reads a kubeconfig file.
func loadEndpoint(path string) (*endpoint, error) {
	file, err := readKubeconfig(path)
	if err != nil {
		return nil, err
	}
	conf, err := clientcmd.NewNonInteractiveClientConfig(*file, "", &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, err
	}
	base, _, err := rest.DefaultServerUrlFor(conf)
	if err != nil {
		return nil, fmt.Errorf("cluster.server: %w", err)
	}
	e := &endpoint{
		base:      strings.TrimSuffix(base.String(), "/"),
		shown:     strings.TrimSuffix(base.Redacted(), "/"),
		userAgent: userAgent(),
		proxy:     conf.Proxy,
	}
	if e.proxy == nil {
		e.proxy = http.ProxyFromEnvironment
	}
	if err := e.identify(conf); err != nil {
		return nil, err
	}
	if e.tls, err = rest.TLSConfigFor(conf); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	return e, nil
}

// readKubeconfig reads and parses the file. References in it to other files are
// relative to its folder.
func readKubeconfig(path string) (*clientcmdapi.Config, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(string(data)) == "" {
		return nil, errEmptyKubeconfig
	}
	file, err := clientcmd.Load(data)
	if err != nil {
		return nil, fmt.Errorf("no kubeconfig: %w", err)
	}
	for _, user := range file.AuthInfos {
		user.LocationOfOrigin = path
	}
	for _, cluster := range file.Clusters {
		cluster.LocationOfOrigin = path
	}
	if err := clientcmd.ResolveLocalPaths(file); err != nil {
		return nil, err
	}
	return file, complete(file)
}

// complete makes sure that the file leads from its context to a server. What
// client-go says otherwise speaks of other places that it would look at.
func complete(file *clientcmdapi.Config) error {
	if file.CurrentContext == "" {
		return errNoContext
	}
	context := file.Contexts[file.CurrentContext]
	if context == nil {
		return fmt.Errorf("current-context: there is no context %q", file.CurrentContext)
	}
	cluster := file.Clusters[context.Cluster]
	if cluster == nil {
		return fmt.Errorf("context %s: there is no cluster %q", file.CurrentContext, context.Cluster)
	}
	if context.AuthInfo != "" && file.AuthInfos[context.AuthInfo] == nil {
		return fmt.Errorf("context %s: there is no user %q", file.CurrentContext, context.AuthInfo)
	}
	if cluster.Server == "" {
		return errNoServer
	}
	return nil
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unwrapPath(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxKubeconfig+1))
	if err != nil {
		return nil, unwrapPath(err)
	}
	if len(data) > maxKubeconfig {
		return nil, fmt.Errorf("larger than %d MiB", maxKubeconfig>>20)
	}
	return data, nil
}

// unwrapPath takes the path off an error whose message names the file anyway.
func unwrapPath(err error) error {
	var wrapped *os.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// identify sets up who Multus is to the server. Bearer tokens are taken out of
// client-go's hands: it would keep one for a minute, and try again with it after
// the server has turned it down.
func (e *endpoint) identify(conf *rest.Config) error {
	conf.UserAgent = ""
	switch {
	case conf.BearerToken != "" || conf.BearerTokenFile != "":
		if conf.Username != "" {
			return errTwoIdentities
		}
		e.kind = "token"
		e.tokens = &tokens{file: conf.BearerTokenFile, fallback: strings.TrimSpace(conf.BearerToken)}
		conf.BearerToken, conf.BearerTokenFile = "", ""
		conf.ExecProvider = nil // a token given goes before one that would have to be fetched
	case conf.ExecProvider != nil:
		e.exec = conf.ExecProvider.Command
		e.kind = "credentials of the exec plugin " + e.exec
		conf.ExecProvider.StdinUnavailable = true
		conf.ExecProvider.StdinUnavailableMessage = "a CNI plugin has no terminal to ask at"
	case conf.CertFile != "" || len(conf.CertData) > 0:
		e.kind = "client certificate"
	case conf.Username != "":
		e.kind = "user name and password"
	default:
		e.kind = "user, who has neither token nor certificate,"
	}
	e.wrap = func(rt http.RoundTripper) (http.RoundTripper, error) {
		wrapped, err := rest.HTTPWrappersForConfig(conf, rt)
		if err == nil && e.exec != "" {
			wrapped = prompt{wrapped}
		}
		return wrapped, err
	}
	return nil
}

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

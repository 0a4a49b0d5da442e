package kube

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/multus-cni/multus/pkg/regular"
)

// maxFile bounds a kubeconfig, and each file that it names.
const maxFile = 4 << 20

// What client-go has no message for, or one that may repeat a secret.
var (
	errNotOne    = errors.New("no kubeconfig: `kubectl config view --kubeconfig` with this file tells where it is wrong")
	errNoContext = errors.New("current-context: missing; name the context to be used")
	errHalf      = errors.New("current-context: the context needs both a cluster and a user")
	errNoServer  = errors.New("server: missing; write the API server's URL here, a service account's mounted directory is not looked at")
	errOddServer = errors.New("cluster.server: no URL; one such as https://10.0.0.1:6443 is expected")
	errOddProxy  = errors.New("proxy-url: no URL; http://…, https://… or socks5://… is expected")
)

// access reads how to reach the API server of a kubeconfig's current context, and as whom.
func (c *Client) access() (*rest.Config, error) {
	file, err := c.content()
	switch {
	case err != nil:
		return nil, err
	case file.CurrentContext == "":
		return nil, errNoContext
	}
	if err := clientcmdapi.MinifyConfig(file); err != nil {
		return nil, fmt.Errorf("current-context: %w", err)
	}
	if len(file.Clusters) == 0 || len(file.AuthInfos) == 0 {
		return nil, errHalf
	}
	dir := filepath.Dir(c.kubeconfig)
	for _, cluster := range file.Clusters {
		if err := prepareCluster(cluster, dir); err != nil {
			return nil, fmt.Errorf("cluster.%w", err)
		}
	}
	for _, user := range file.AuthInfos {
		if err := prepareUser(user, dir); err != nil {
			return nil, fmt.Errorf("user: %w", err)
		}
	}
	conf, err := clientcmd.NewNonInteractiveClientConfig(*file, file.CurrentContext, nil, nil).ClientConfig()
	if err != nil {
		return nil, err
	}
	return conf, rest.LoadTLSFiles(conf)
}

// content is what the kubeconfig says.
func (c *Client) content() (*clientcmdapi.Config, error) {
	if c.file != nil {
		return c.file.DeepCopy(), nil
	}
	data, err := regular.Read(c.kubeconfig, maxFile)
	if err != nil {
		return nil, fmt.Errorf("%w; see kubeconfig in Multus's configuration, and whether Multus runs as root", regular.Reason(err))
	}
	file, err := clientcmd.Load(data)
	if err != nil {
		return nil, errNotOne
	}
	return file, nil
}

// prepareCluster looks for what client-go would take badly.
func prepareCluster(c *clientcmdapi.Cluster, dir string) error {
	if c.Server == "" {
		return errNoServer
	}
	if c.ProxyURL != "" {
		proxy, err := url.Parse(c.ProxyURL)
		if err != nil || proxy.Scheme != "http" && proxy.Scheme != "https" && proxy.Scheme != "socks5" {
			return errOddProxy
		}
	}
	_ = clientcmd.ResolvePaths(clientcmd.GetClusterFileReferences(c), dir) // it has no error
	if err := checkFile(c.CertificateAuthority); err != nil {
		return fmt.Errorf("certificate-authority: %w", err)
	}
	return nil
}

// prepareUser looks for what client-go would take badly.
func prepareUser(u *clientcmdapi.AuthInfo, dir string) error {
	_ = clientcmd.ResolvePaths(clientcmd.GetAuthInfoFileReferences(u), dir)
	if u.Exec != nil {
		u.Exec.StdinUnavailable = true // it is the network configuration
	}
	u.Token = strings.TrimSpace(u.Token)
	if u.Token != "" && checkFile(u.TokenFile) != nil {
		u.TokenFile = ""
	}
	return cmp.Or(checkFile(u.ClientCertificate), checkFile(u.ClientKey), checkFile(u.TokenFile))
}

// checkFile makes sure that a file which is named, if one is, can be read and says
// something. client-go reads it again, but would wait for a pipe for ever.
func checkFile(path string) error {
	if path == "" {
		return nil
	}
	text, err := regular.Read(path, maxFile)
	if err == nil && strings.TrimSpace(string(text)) == "" {
		return fmt.Errorf("%s is empty", path)
	}
	return err
}

// credentialOf is what a message calls what client-go sends of a user.
func credentialOf(conf *rest.Config) string {
	switch {
	case conf.BearerTokenFile != "":
		return "token from " + conf.BearerTokenFile
	case conf.BearerToken != "":
		return "token"
	case len(conf.CertData) > 0:
		return "client certificate"
	case conf.Username != "":
		return "user name and password"
	case conf.ExecProvider != nil:
		return "credential from the exec plugin " + conf.ExecProvider.Command
	}
	return "user, who has neither token nor certificate,"
}

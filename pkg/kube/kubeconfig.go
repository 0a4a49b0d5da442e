package kube

import (
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

// readAccess reads how to reach the API server of a kubeconfig's current context,
// and as whom, and what a message calls that credential. The files that it names
// are read here, bounded: client-go would wait for a pipe for ever.
func readAccess(path string) (conf *rest.Config, credential string, err error) {
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return nil, "", fmt.Errorf("%w; see kubeconfig in Multus's configuration, and whether Multus runs as root", regular.Reason(err))
	}
	file, err := clientcmd.Load(data)
	switch {
	case err != nil:
		return nil, "", errNotOne
	case file.CurrentContext == "":
		return nil, "", errNoContext
	}
	if err := clientcmdapi.MinifyConfig(file); err != nil {
		return nil, "", fmt.Errorf("current-context: %w", err)
	}
	for _, cluster := range file.Clusters {
		_ = clientcmd.ResolvePaths(clientcmd.GetClusterFileReferences(cluster), filepath.Dir(path)) // it has no error
		if err := embedCluster(cluster); err != nil {
			return nil, "", fmt.Errorf("cluster.%w", err)
		}
	}
	for _, user := range file.AuthInfos {
		_ = clientcmd.ResolvePaths(clientcmd.GetAuthInfoFileReferences(user), filepath.Dir(path))
		credential = credentialOf(user)
		if err := embedUser(user); err != nil {
			return nil, "", fmt.Errorf("user.%w", err)
		}
	}
	if len(file.Clusters) == 0 || len(file.AuthInfos) == 0 {
		return nil, "", errHalf
	}
	conf, err = clientcmd.NewNonInteractiveClientConfig(*file, file.CurrentContext, nil, nil).ClientConfig()
	return conf, credential, err
}

// embedCluster puts the contents of files in the place of their names.
func embedCluster(c *clientcmdapi.Cluster) error {
	if c.Server == "" {
		return errNoServer
	}
	if c.ProxyURL != "" {
		proxy, err := url.Parse(c.ProxyURL)
		if err != nil || proxy.Scheme != "http" && proxy.Scheme != "https" && proxy.Scheme != "socks5" {
			return errOddProxy
		}
	}
	return embed("certificate-authority", &c.CertificateAuthority, &c.CertificateAuthorityData)
}

// embedUser puts the contents of files in the place of their names.
func embedUser(u *clientcmdapi.AuthInfo) error {
	if u.Exec != nil {
		u.Exec.StdinUnavailable = true // it is the network configuration
	}
	if err := embed("client-certificate", &u.ClientCertificate, &u.ClientCertificateData); err != nil {
		return err
	}
	if err := embed("client-key", &u.ClientKey, &u.ClientKeyData); err != nil {
		return err
	}
	var token []byte // a file goes before what is written beside it, if it can be read
	if err := embed("tokenFile", &u.TokenFile, &token); err != nil && u.Token == "" {
		return err
	}
	if len(token) > 0 {
		u.Token = string(token)
	}
	u.Token, u.TokenFile = strings.TrimSpace(u.Token), ""
	return nil
}

// embed reads a file, unless there is no name of one, or already what it holds.
func embed(key string, path *string, data *[]byte) error {
	if *path == "" || len(*data) > 0 {
		*path = ""
		return nil
	}
	text, err := regular.Read(*path, maxFile)
	if err == nil && strings.TrimSpace(string(text)) == "" {
		err = fmt.Errorf("%s is empty", *path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	*path, *data = "", text
	return nil
}

// credentialOf is what a message calls what client-go sends of a user.
func credentialOf(u *clientcmdapi.AuthInfo) string {
	switch {
	case u.TokenFile != "":
		return "token from " + u.TokenFile
	case u.Token != "":
		return "token"
	case u.ClientCertificate != "" || len(u.ClientCertificateData) > 0:
		return "client certificate"
	case u.Username != "":
		return "user name and password"
	case u.Exec != nil:
		return "credential from the exec plugin " + u.Exec.Command
	}
	return "user, who has neither token nor certificate,"
}

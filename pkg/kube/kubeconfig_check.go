package kube

import (
	"errors"
	"fmt"
	"strings"
)

var (
	errTwoIdentities = errors.New("user: more than one authentication method: a token, and a username or password; give one of them")
	errNoKey         = errors.New("user: a client-certificate without a client-key; give its key")
	errAsNobody      = errors.New("user: as-uid, as-groups or as-user-extra without as; name the user they are for")
)

// check looks for what is missing, contradictory, or more than Multus can do.
func (a *access) check() error {
	u := &a.user
	switch {
	case a.cluster.Server == "":
		return errNoServer
	case (u.Token != "" || u.TokenFile != "") && (u.Username != "" || u.Password != ""):
		return errTwoIdentities
	case certified(u) && u.ClientKey == "" && len(u.ClientKeyData) == 0:
		return errNoKey
	case u.Impersonate == "" && (u.ImpersonateUID != "" || len(u.ImpersonateGroups) > 0 || len(u.ImpersonateUserExtra) > 0):
		return errAsNobody
	case u.AuthProvider != nil:
		return fmt.Errorf("user.auth-provider %q: not supported, as by client-go since 1.26; give a tokenFile, a client-certificate or an exec plugin", shorten(u.AuthProvider.Name, 64))
	case u.Exec != nil:
		return checkExec(u.Exec)
	}
	return nil
}

// certified tells whether the user has a client certificate.
func certified(u *user) bool {
	return u.ClientCertificate != "" || len(u.ClientCertificateData) > 0
}

// The versions of the API between client and credential plugin.
const (
	execV1      = "client.authentication.k8s.io/v1"
	execV1beta1 = "client.authentication.k8s.io/v1beta1"
)

func checkExec(e *execConfig) error {
	switch {
	case e.Command == "":
		return errors.New("user.exec.command: missing; name the credential plugin's program")
	case strings.ContainsRune(e.Command, 0):
		return errors.New("user.exec.command: a NUL character in it")
	case e.APIVersion != execV1 && e.APIVersion != execV1beta1:
		return fmt.Errorf("user.exec.apiVersion %q: not supported; %s or %s is expected", shorten(e.APIVersion, 64), execV1, execV1beta1)
	}
	for i, v := range e.Env {
		if v.Name == "" || strings.ContainsAny(v.Name, "=\x00") {
			return fmt.Errorf("user.exec.env[%d].name %q: no name of an environment variable", i, shorten(v.Name, 64))
		}
	}
	return checkMode(e)
}

// checkMode makes sure that the plugin does without a terminal, for a CNI plugin
// has none: its standard input is the network configuration.
func checkMode(e *execConfig) error {
	switch e.InteractiveMode {
	case interactNever, interactIfAvailable:
		return nil
	case interactAlways:
		return errors.New("user.exec.interactiveMode Always: a CNI plugin has no terminal to ask at; Never or IfAvailable is expected")
	case "":
		if e.APIVersion == execV1beta1 {
			return nil // that version knows a default, IfAvailable
		}
		return errors.New("user.exec.interactiveMode: missing; Never or IfAvailable is expected")
	}
	return fmt.Errorf("user.exec.interactiveMode %q: Never or IfAvailable is expected", shorten(e.InteractiveMode, 64))
}

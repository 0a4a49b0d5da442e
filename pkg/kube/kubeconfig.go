package kube

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"sigs.k8s.io/yaml"
)

// access is what the current context of a kubeconfig file leads to: an API
// server, and who Multus is to it. All paths in it are absolute.
type access struct {
	cluster cluster
	user    user
}

const maxKubeconfig = 4 << 20

var (
	errEmptyKubeconfig = errors.New("the file is empty; write a kubeconfig with a cluster, a user and a current-context into it")
	errNoContext       = errors.New("current-context: missing; name the context to be used")
	errNoServer        = errors.New("cluster.server: missing; a service account's mounted folder is not looked at, write the API server's URL here")
	errOddYAML         = errors.New("no kubeconfig: the text is neither JSON nor YAML")
)

// readAccess reads a kubeconfig file. References in it to other files are
// relative to its folder.
func readAccess(path string) (access, error) {
	data, err := readBounded(path, maxKubeconfig)
	if err != nil {
		return access{}, unread(err)
	}
	file, err := parseKubeconfig(data)
	if err != nil {
		return access{}, err
	}
	a, err := current(file)
	if err != nil {
		return access{}, err
	}
	a.resolve(filepath.Dir(path))
	return a, a.check()
}

// readBounded reads a file of at most so many bytes.
func readBounded(path string, limit int) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, &os.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d MiB", limit>>20)}
	}
	return data, nil
}

// unread says what to do about a kubeconfig file that cannot be read.
func unread(err error) error {
	cause := unwrapPath(err)
	switch {
	case errors.Is(cause, fs.ErrNotExist):
		return fmt.Errorf("%w; write it, or correct kubeconfig in Multus's configuration", cause)
	case errors.Is(cause, fs.ErrPermission):
		return fmt.Errorf("%w; Multus has to run as root", cause)
	}
	return cause
}

// unwrapPath takes the path off an error whose message names the file anyway.
func unwrapPath(err error) error {
	var wrapped *os.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// parseKubeconfig parses a kubeconfig file. Nothing of its text is repeated in
// errors, since any of it may be a secret that got into the wrong line.
func parseKubeconfig(data []byte) (kubeconfigFile, error) {
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 {
		return kubeconfigFile{}, errEmptyKubeconfig
	}
	file, err := decodeKubeconfig(trimmed)
	if err != nil {
		return kubeconfigFile{}, err
	}
	if file.Kind != "" && file.Kind != "Config" || file.APIVersion != "" && file.APIVersion != "v1" {
		return kubeconfigFile{}, errors.New("no kubeconfig: its kind must be Config, and its apiVersion v1")
	}
	return file, nil
}

// decodeKubeconfig tries JSON first: to read YAML takes five times as long. What
// begins like JSON may be YAML all the same.
func decodeKubeconfig(data []byte) (file kubeconfigFile, err error) {
	if data[0] == '{' {
		err = json.Unmarshal(data, &file)
		if err == nil || !errors.As(err, new(*json.SyntaxError)) {
			return file, misfit(err)
		}
	}
	text, err := yaml.YAMLToJSON(data)
	if err != nil {
		return file, badYAML(err)
	}
	return file, misfit(json.Unmarshal(text, &file))
}

// badYAML keeps of a parser's message the line and what is wrong there. Its
// other messages repeat parts of the text.
func badYAML(err error) error {
	if text := err.Error(); strings.HasPrefix(text, "yaml: line ") {
		return fmt.Errorf("no kubeconfig: %s", shorten(text, maxText))
	}
	return errOddYAML
}

// misfit says which key holds something of the wrong type.
func misfit(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &wrong):
		return fmt.Errorf("no kubeconfig: %w", err)
	case wrong.Field == "":
		return errors.New("no kubeconfig: an object with clusters, users, contexts and current-context is expected")
	}
	return fmt.Errorf("no kubeconfig: %s: %s", wrong.Field, expected(wrong.Type))
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string is expected; put numbers, yes, no, true and false into quotes"
	case reflect.Bool:
		return "true or false is expected"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "base64 text is expected"
		}
		return "a list is expected"
	}
	return "an object is expected"
}

// current is where the current context leads to.
func current(file kubeconfigFile) (access, error) {
	name := file.CurrentContext
	if name == "" {
		return access{}, errNoContext
	}
	context, err := only(file.Contexts, "context", name, func(c *namedContext) string { return c.Name })
	if err != nil {
		return access{}, fmt.Errorf("current-context: %w", err)
	}
	cluster, err := only(file.Clusters, "cluster", context.Context.Cluster, func(c *namedCluster) string { return c.Name })
	if err != nil {
		return access{}, fmt.Errorf("context %q: %w", shorten(name, maxName), err)
	}
	user, err := only(file.Users, "user", context.Context.User, func(u *namedUser) string { return u.Name })
	if err != nil {
		return access{}, fmt.Errorf("context %q: %w", shorten(name, maxName), err)
	}
	return access{cluster: cluster.Cluster, user: user.User}, nil
}

// only is the one element of that name.
func only[T any](list []T, what, name string, nameOf func(*T) string) (*T, error) {
	var found *T
	for i := range list {
		if nameOf(&list[i]) != name {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("there is more than one %s %q", what, shorten(name, maxName))
		}
		found = &list[i]
	}
	if found == nil || name == "" {
		return nil, fmt.Errorf("there is no %s %q", what, shorten(name, maxName))
	}
	return found, nil
}

// resolve makes paths absolute that are relative to the kubeconfig's folder. A
// plugin's bare name is looked up in PATH instead.
func (a *access) resolve(folder string) {
	u := &a.user
	paths := []*string{&a.cluster.CertificateAuthority, &u.ClientCertificate, &u.ClientKey, &u.TokenFile}
	if u.Exec != nil && strings.ContainsRune(u.Exec.Command, filepath.Separator) {
		paths = append(paths, &u.Exec.Command)
	}
	for _, path := range paths {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
}

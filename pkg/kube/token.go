package kube

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// tokenAge is how long a token that was read from a file is used before the file
// is looked at again: kubelets rotate tokens well before they expire.
const tokenAge = time.Minute

const maxToken = 1 << 20

// tokens are the bearer tokens of a kubeconfig's user. A file goes before the
// token written beside it, if it can be read.
type tokens struct {
	file string

	mu   sync.Mutex
	held *credential // nil: the file is to be read
	read time.Time
	last *credential // what serves while the file cannot be read
}

// newTokens are the user's tokens, of which there must be one.
func newTokens(user *user) (*tokens, error) {
	t := &tokens{file: user.TokenFile}
	if token := strings.TrimSpace(user.Token); token != "" {
		t.last = &credential{token: token}
	}
	err := t.reload()
	if t.held == nil {
		return nil, fmt.Errorf("user.tokenFile: %w", err)
	}
	return t, nil
}

// now is the token to be used.
func (t *tokens) now(context.Context) (*credential, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil || time.Since(t.read) > tokenAge {
		_ = t.reload() // the last token serves on
	}
	return t.held, nil
}

// refused has the file read anew.
func (t *tokens) refused(c *credential) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == c {
		t.held = nil
	}
}

// reload takes the token from the file, and the last one if it cannot.
func (t *tokens) reload() error {
	t.held, t.read = t.last, time.Now()
	if t.file == "" {
		return nil
	}
	data, err := readBounded(t.file, maxToken)
	if err != nil {
		return err
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return fmt.Errorf("%s is empty", t.file)
	}
	t.held = &credential{token: token}
	t.last = t.held
	return nil
}

// cure is what to do about a token that the server turns down.
func (t *tokens) cure() string {
	if t.file == "" {
		return "the token is written in the kubeconfig; it may have expired, write a new one, or a tokenFile that is kept current"
	}
	return "the token is read from " + t.file + "; it may have expired, see what should keep that file current"
}

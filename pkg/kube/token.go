package kube

import (
	"os"
	"strings"
	"sync"
	"time"
)

// tokenAge is how long a token that was read from a file is used before the file
// is looked at again: kubelets rotate tokens well before they expire.
const tokenAge = time.Minute

// tokens are the bearer tokens of a kubeconfig's user. A file goes before the
// token written beside it, as long as it can be read.
type tokens struct {
	file     string
	fallback string

	mu   sync.Mutex
	held string
	read time.Time
}

// now is the token to be used.
func (t *tokens) now() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.file == "" {
		return t.fallback
	}
	if t.held == "" || time.Since(t.read) > tokenAge {
		t.reload()
	}
	return t.held
}

// refused says that the server turned the token down: the next one is read anew,
// unless that has been done since.
func (t *tokens) refused(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == token {
		t.held = ""
	}
}

func (t *tokens) reload() {
	t.held, t.read = t.fallback, time.Now()
	data, err := os.ReadFile(t.file)
	if token := strings.TrimSpace(string(data)); err == nil && token != "" {
		t.held = token
	}
}

// cure is what to do about a token that the server turns down.
func (t *tokens) cure() string {
	if t.file == "" {
		return "the token is written in the kubeconfig; it may have expired, write a new one, or a tokenFile that is kept current"
	}
	return "the token is read from " + t.file + "; it may have expired, see what should keep that file current"
}

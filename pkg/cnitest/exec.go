package cnitest

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/containernetworking/cni/pkg/version"
)

// Call is one execution of a plugin that an Exec was asked for.
type Call struct {
	Plugin  string // the binary's name
	Command string
	Env     map[string]string // the CNI_* variables
	Stdin   []byte
}

// Member is a member of the configuration that the plugin read, nil for none.
func (c Call) Member(name string) json.RawMessage {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(c.Stdin, &members) // what is no object has no members
	return members[name]
}

// String is the command and the plugin: ADD macvlan.
func (c Call) String() string { return c.Command + " " + c.Plugin }

// Exec is an invoke.Exec that runs no process. The zero value finds every plugin,
// and each of them does nothing.
type Exec struct {
	// Answer is what the plugins do; nil for Empty.
	Answer func(ctx context.Context, c Call) (stdout []byte, err error)
	// Missing are the plugins that have no binary.
	Missing []string

	mu    sync.Mutex
	calls []Call
}

// Calls are all calls up to now, in order.
func (e *Exec) Calls() []Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

// Names are the calls up to now as text.
func (e *Exec) Names() []string {
	names := []string{}
	for _, c := range e.Calls() {
		names = append(names, c.String())
	}
	return names
}

// Reset forgets the calls up to now.
func (e *Exec) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = nil
}

// ExecPlugin records the call and answers it.
func (e *Exec) ExecPlugin(ctx context.Context, pluginPath string, stdin []byte, environ []string) ([]byte, error) {
	c := Call{Plugin: path.Base(pluginPath), Env: map[string]string{}, Stdin: slices.Clone(stdin)}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, "CNI_") {
			c.Env[name] = value
		}
	}
	c.Command = c.Env["CNI_COMMAND"]
	e.mu.Lock()
	e.calls = append(e.calls, c)
	e.mu.Unlock()
	if e.Answer != nil {
		return e.Answer(ctx, c)
	}
	return Empty(ctx, c)
}

// Empty succeeds; to ADD it answers with a result that says nothing but its version.
func Empty(_ context.Context, c Call) ([]byte, error) {
	if c.Command == "ADD" {
		return fmt.Appendf(nil, `{"cniVersion":%s}`, c.Member("cniVersion")), nil
	}
	return nil, nil
}

// FindInPath finds every plugin in the first directory, but for those that are missing.
func (e *Exec) FindInPath(plugin string, paths []string) (string, error) {
	if len(paths) == 0 || slices.Contains(e.Missing, plugin) {
		return "", fmt.Errorf("no %s in %v", plugin, paths)
	}
	return path.Join(paths[0], plugin), nil
}

// Decode reads the answer to VERSION.
func (e *Exec) Decode(answer []byte) (version.PluginInfo, error) {
	return new(version.PluginDecoder).Decode(answer)
}

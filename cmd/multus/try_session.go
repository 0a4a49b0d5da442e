package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/multus-cni/multus/pkg/plan"
)

// trySessions is where try remembers what it made. Like the namespaces and
// links, it does not survive a reboot.
const trySessions = "/run/multus-try"

// session is what try remembers of one run, from before it makes anything, so
// that what it made can be removed later and by another process.
type session struct {
	ID        string          `json:"id"`
	Conf      json.RawMessage `json:"conf"`
	Path      []string        `json:"path"`  // folders of plugins
	State     string          `json:"state"` // folder of the records
	Sandboxes []plan.Sandbox  `json:"sandboxes"`
	Before    snapshot        `json:"before"`
	Links     []hostLink      `json:"links"` // that came while plugins ran
	Moved     []hostLink      `json:"moved"` // that went while plugins ran
	Scratch   []string        `json:"scratch"`
	Gateways  []string        `json:"gateways"`
	Leases    []string        `json:"leases"` // folders of host-local
}

// newSession makes the session's folder.
func newSession() (session, error) {
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return session{}, err
	}
	s := session{ID: hex.EncodeToString(random[:])}
	if err := os.MkdirAll(trySessions, 0o700); err != nil {
		return session{}, err
	}
	if err := os.Mkdir(s.folder(), 0o700); err != nil {
		return session{}, err
	}
	s.State = filepath.Join(s.folder(), "state")
	return s, nil
}

func (s session) folder() string { return filepath.Join(trySessions, s.ID) }

func (s session) file() string { return filepath.Join(s.folder(), "try.json") }

// save writes the session, whole or not at all.
func (s session) save() error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	temporary := s.file() + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, s.file())
}

// forget removes the session, and the folder of all sessions with the last.
func (s session) forget() error {
	err := os.RemoveAll(s.folder())
	_ = os.Remove(trySessions) // others may be in it
	return err
}

// loadSession reads the session of an earlier run.
func loadSession(id string) (session, error) {
	if id == "" || strings.Trim(id, "0123456789abcdef") != "" {
		return session{}, unknownSession(id)
	}
	data, err := os.ReadFile(session{ID: id}.file())
	if errors.Is(err, os.ErrNotExist) {
		return session{}, unknownSession(id)
	}
	if err != nil {
		return session{}, err
	}
	var s session
	if err := json.Unmarshal(data, &s); err != nil {
		return session{}, fmt.Errorf("%s: %w", session{ID: id}.file(), err)
	}
	s.ID = id
	return s, nil
}

func unknownSession(id string) error {
	kept, err := sessionIDs()
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		return fmt.Errorf("--remove %s: nothing is kept", id)
	}
	return fmt.Errorf("--remove %s: nothing is kept under this ID; there is %s", id, strings.Join(kept, ", "))
}

// sessionIDs are the sessions that were kept, or that a killed try left.
func sessionIDs() ([]string, error) {
	entries, err := os.ReadDir(trySessions)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	return ids, err
}

// sandboxOf is the sandbox that try makes for a pod. The container ID is also the
// name of the network namespace, and short enough to survive in the comments of
// firewall rules.
func (s session) sandboxOf(pod plan.Pod, number int) plan.Sandbox {
	name := strings.Trim(strings.ReplaceAll(pod.Name, ".", "-")[:min(len(pod.Name), 20)], "-")
	id := fmt.Sprintf("multus-try-%s-%s%02x", name, s.ID, number)
	args := []string{
		"IgnoreUnknown=1", "K8S_POD_NAMESPACE=" + pod.Namespace, "K8S_POD_NAME=" + pod.Name,
		"K8S_POD_INFRA_CONTAINER_ID=" + id, "K8S_POD_UID=" + pod.UID,
	}
	return plan.Sandbox{
		ContainerID: id, NetNS: filepath.Join(netnsFolder, id), IfName: "eth0", Args: strings.Join(args, ";"),
	}
}

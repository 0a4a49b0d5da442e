// Package trial attaches pods of files to scratch network namespaces of this
// machine, with the real plugins and no cluster, and proves that nothing is left
// when they are detached again.
package trial

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// sessions is where sessions are remembered. Like the namespaces and links that
// they made, they do not survive a reboot.
const sessions = "/run/multus-try"

// Session is one trial. It is saved before anything is made, so that what it made
// can be removed later and by another process.
type Session struct {
	ID    string          `json:"id"`
	Conf  json.RawMessage `json:"conf"`
	State string          `json:"state"` // the directory of the records
	Path  []string        `json:"path"`  // the directories of the plugins
	Pods  []*Pod          `json:"pods"`

	Before   host     `json:"before"`
	Came     []link   `json:"came"` // links of the host that came while plugins ran
	Went     []link   `json:"went"` // and those that went
	Scratch  []string `json:"scratch"`
	Gateways []string `json:"gateways"`
	Leases   []string `json:"leases"`   // directories of host-local
	StandIns []string `json:"standIns"` // links that are made for the trial

	plugin multus.Plugin
	report io.Writer
	left   []string // what could not be removed
}

// Pod is a pod of the trial.
type Pod struct {
	plan.Pod `json:"pod"`
	Sandbox  plan.Sandbox `json:"sandbox"`

	interfaces []podInterface
}

// Options are what a session begins with.
type Options struct {
	Plugin multus.Plugin // for the configuration; its state directory is the session's
	Conf   []byte
	Pods   []plan.Pod
	State  string // the directory of the records; empty: one of the session's own
	// StandIns are those of the plugin's planner; nil: there are none.
	StandIns *StandIns
	Report   io.Writer
}

// Begin does all that can be refused before anything is made: it plans every pod.
func Begin(ctx context.Context, o Options) (*Session, error) {
	s := &Session{
		ID: fmt.Sprintf("%08x", rand.Uint32()), Conf: o.Conf, State: o.State, Path: o.Plugin.Runner.Path,
		plugin: o.Plugin, report: o.Report,
	}
	if s.State == "" {
		s.State = filepath.Join(s.dir(), "state")
	}
	s.plugin.State = state.Dir(s.State)
	var faults []error
	for i, pod := range o.Pods {
		p := &Pod{Pod: pod, Sandbox: s.sandbox(pod, i)}
		made, err := s.plugin.Connected().Plan(ctx, p.Sandbox, pod)
		if err != nil {
			faults = append(faults, fmt.Errorf("pod %s: %w", pod, err))
		}
		s.Pods = append(s.Pods, p)
		s.Leases = append(s.Leases, leaseDirs(made.Attachments)...)
	}
	if len(faults) > 0 {
		return nil, cmp.Or(o.StandIns.lacking(), errors.Join(faults...))
	}
	s.StandIns = o.StandIns.links()
	var err error
	if s.Before, err = readHost(ctx); err != nil {
		return nil, err
	}
	s.Scratch = absent(append([]string{s.State}, s.Leases...))
	return s, s.save()
}

// sandbox is what a session makes for a pod. The container ID is also the name of
// the network namespace, and short enough to survive in the comments of firewall
// rules.
func (s *Session) sandbox(pod plan.Pod, number int) plan.Sandbox {
	short := strings.Trim(strings.ReplaceAll(pod.Name, ".", "-")[:min(len(pod.Name), 20)], "-")
	id := fmt.Sprintf("multus-try-%s-%s%02x", short, s.ID, number)
	args := []string{
		"IgnoreUnknown=1", "K8S_POD_NAMESPACE=" + pod.Namespace, "K8S_POD_NAME=" + pod.Name,
		"K8S_POD_INFRA_CONTAINER_ID=" + id, "K8S_POD_UID=" + pod.UID,
	}
	return plan.Sandbox{ContainerID: id, NetNS: netnsPath(id), IfName: "eth0", Args: strings.Join(args, ";")}
}

// Resume is the session of an earlier run, which kept it or was killed. newPlugin
// makes the plugin for its configuration: DEL needs no more than the records.
func Resume(id string, report io.Writer, newPlugin func(conf []byte) (multus.Plugin, error)) (*Session, error) {
	s := &Session{ID: id, report: report}
	data, err := os.ReadFile(s.file())
	if strings.Trim(id, "0123456789abcdef") != "" || errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("--remove %s: nothing is kept under this ID; kept are: %s", id, cmp.Or(strings.Join(Kept(), ", "), "none"))
	}
	if err == nil {
		err = json.Unmarshal(data, s)
	}
	if err == nil {
		s.plugin, err = newPlugin(s.Conf)
	}
	if err != nil {
		return nil, fmt.Errorf("session %s: %w", id, err)
	}
	s.plugin.Runner.Path, s.plugin.State = s.Path, state.Dir(s.State)
	return s, nil
}

// Kept are the IDs of the sessions that were kept, or that were killed.
func Kept() []string {
	kept, _ := filepath.Glob(filepath.Join(sessions, "*")) // the pattern is one
	for i, dir := range kept {
		kept[i] = filepath.Base(dir)
	}
	return kept
}

func (s *Session) dir() string { return filepath.Join(sessions, s.ID) }

func (s *Session) file() string { return filepath.Join(s.dir(), "try.json") }

// save writes the session, whole or not at all.
func (s *Session) save() error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir(), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(s.file()+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(s.file()+".new", s.file())
}

// forget removes the session, and the directory of all sessions with the last.
func (s *Session) forget() error {
	err := os.RemoveAll(s.dir())
	_ = os.Remove(sessions) // others may be in it
	return err
}

// say prints a line of the report.
func (s *Session) say(format string, args ...any) {
	fmt.Fprintf(s.report, format+"\n", args...)
}

// remains notes what could not be removed.
func (s *Session) remains(format string, args ...any) {
	s.left = append(s.left, fmt.Sprintf(format, args...))
}

// tried notes what went wrong when something was to be removed.
func (s *Session) tried(err error) {
	if err != nil {
		s.remains("%v", err)
	}
}

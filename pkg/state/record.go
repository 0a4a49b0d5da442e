package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/multus-cni/multus/pkg/plan"
)

// Schema is the version of the record's format that this code writes.
const Schema = 1

// maxFile bounds what is read of a record, new or older, and of a cache entry.
const maxFile = 64 << 20

// Errors that callers branch on.
var (
	// ErrNone says that there is no record of the sandbox.
	ErrNone = errors.New("no record of the sandbox")
	// ErrExists says that the sandbox has a record already.
	ErrExists = errors.New("the sandbox has a record already")
	// ErrUnreadable says that a record is there and cannot be read.
	ErrUnreadable = errors.New("unreadable record")
	// ErrBusy says that the lock was not to be had in time.
	ErrBusy = errors.New("another command is at work on the sandbox")
)

// Phase is how far an attachment got.
type Phase string

// The phases of an attachment, in order.
const (
	Planned   Phase = "planned"   // no plugin was started; only earlier versions wrote it
	Attaching Phase = "attaching" // a plugin may have been started
	Attached  Phase = "attached"  // ADD of all plugins succeeded
	Detached  Phase = "detached"  // DEL of all plugins succeeded
)

// Record is what is remembered of one sandbox.
type Record struct {
	Schema      int          `json:"schema"`
	Created     time.Time    `json:"created"`
	Sandbox     plan.Sandbox `json:"sandbox"`
	Pod         plan.Pod     `json:"pod,omitzero"`
	Attachments []Attachment `json:"attachments"`

	// Warnings name what could not be understood of a record that an older
	// Multus left, while the rest of it could; to be logged.
	Warnings []string `json:"-"`
}

// Attachment is a planned attachment and how far it got.
type Attachment struct {
	plan.Attachment
	Phase Phase `json:"phase"`
	// Result is the final result of ADD in the version of the attachment's
	// configuration, with the pod's default routes as they are in the sandbox.
	Result json.RawMessage `json:"result,omitempty"`
	// DeviceInfo describes the device, as far as the plugins told.
	DeviceInfo json.RawMessage `json:"deviceInfo,omitempty"`
	// Unstarted is how many plugins, at the end of the list, an ADD that failed did
	// not start: where they cannot be started now either, they have nothing to detach.
	Unstarted int `json:"unstarted,omitempty"`
}

// Key is the key of the record.
func (r Record) Key() Key { return KeyOf(r.Sandbox) }

// encode is the name of the record's file and its content, in the current schema.
// What decode would refuse is refused here, while ADD can still say so.
func encode(r Record) (file string, data []byte, err error) {
	if file, err = r.Key().fileName(); err != nil {
		return "", nil, err
	}
	r.Schema = Schema
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // plugins' own text stays as it is
	if err = r.check(); err == nil {
		err = e.Encode(r)
	}
	if err == nil && b.Len() > maxFile {
		err = fmt.Errorf("%d bytes, more than %d", b.Len(), maxFile)
	}
	if err != nil {
		return "", nil, fmt.Errorf("record of sandbox %s: %w", r.Key(), err)
	}
	return file, b.Bytes(), nil
}

// decode reads the content of the file that is named after k. Members that it
// does not know are no fault: they may come with a later version of one schema.
func decode(data []byte, k Key) (Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, newer(data, err)
	}
	if r.Schema != Schema {
		return Record{}, newer(data, fmt.Errorf("schema %d, want %d", r.Schema, Schema))
	}
	if r.Key() != k {
		return Record{}, fmt.Errorf("record of another sandbox, %.300q (%.100q)", r.Sandbox.ContainerID, r.Sandbox.IfName)
	}
	return r, r.check()
}

// newer is err, unless a newer Multus wrote the record: then err may come of
// reading it as something that it is not.
func newer(data []byte, err error) error {
	var version struct {
		Schema int `json:"schema"`
	}
	if json.Unmarshal(data, &version) == nil && version.Schema > Schema {
		return fmt.Errorf("written by a newer multus: schema %d, this one reads %d", version.Schema, Schema)
	}
	return err
}

func (r Record) check() error {
	for i, a := range r.Attachments {
		if err := a.check(); err != nil {
			return fmt.Errorf("attachment %d: %w", i, err)
		}
	}
	return nil
}

// Started tells whether there may be something to detach.
func (a Attachment) Started() bool { return a.Phase == Attaching || a.Phase == Attached }

func (a Attachment) check() error {
	if !slices.Contains([]Phase{Planned, Attaching, Attached, Detached}, a.Phase) {
		return fmt.Errorf("phase %.100q: none of planned, attaching, attached, detached", a.Phase)
	}
	if len(a.Config.Plugins()) == 0 {
		return errors.New("no plugins in its configuration")
	}
	return checkInterface(a.Interface)
}

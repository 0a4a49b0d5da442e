package state

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/multus-cni/multus/pkg/plan"
)

// Schema is the version of the record's format that this code writes.
const Schema = 1

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
	Planned   Phase = "planned"   // no plugin was started
	Attaching Phase = "attaching" // a plugin may have been started
	Attached  Phase = "attached"  // ADD of all plugins succeeded
	Detached  Phase = "detached"  // DEL of all plugins succeeded
)

// Key names a sandbox's record.
type Key struct {
	ContainerID string
	IfName      string
}

// KeyOf is the key of a sandbox.
func KeyOf(sb plan.Sandbox) Key { return Key{ContainerID: sb.ContainerID, IfName: sb.IfName} }

// Record is what is remembered of one sandbox.
type Record struct {
	Schema      int          `json:"schema"`
	Created     time.Time    `json:"created"`
	Sandbox     plan.Sandbox `json:"sandbox"`
	Pod         plan.Pod     `json:"pod,omitzero"`
	Attachments []Attachment `json:"attachments"`

	// origin is set for a record that an older Multus left: the files it is made of.
	origin []string
}

// Attachment is a planned attachment and how far it got.
type Attachment struct {
	plan.Attachment
	Phase Phase `json:"phase"`
	// Result is the final result of ADD in the version of the attachment's
	// configuration, with the pod's default routes as they are in the sandbox.
	Result json.RawMessage `json:"result,omitempty"`
}

// Key is the key of the record.
func (r Record) Key() Key { return KeyOf(r.Sandbox) }

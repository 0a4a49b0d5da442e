package state

import (
	"context"
	"os"
)

// Dir is the state folder (cniDir). Records are below it in sandboxes/.
type Dir string

// Create saves a new record durably before anything is done for the sandbox.
// ErrExists where there is one.
func (d Dir) Create(r Record) error { panic("stub") }

// Update replaces a record atomically.
func (d Dir) Update(r Record) error { panic("stub") }

// Load reads the record of a sandbox, or the one that an older Multus left of
// it. ErrNone; ErrUnreadable.
func (d Dir) Load(k Key) (Record, error) { panic("stub") }

// SetAside moves an unreadable record to a name that says so, and returns it.
func (d Dir) SetAside(k Key) (path string, err error) { panic("stub") }

// Remove takes a record away, and with it what an older Multus left of the
// sandbox. No record is no error.
func (d Dir) Remove(r Record) error { panic("stub") }

// List reads all records, the older formats included. Unreadable ones are in the
// joined error, the others are returned all the same.
func (d Dir) List() ([]Record, error) { panic("stub") }

// Lock is a held lock. File is inherited by child processes so that a plugin
// that outlives Multus keeps its sandbox locked.
type Lock struct {
	file *os.File
}

// File is the open file that carries the lock.
func (l *Lock) File() *os.File { return l.file }

// Unlock releases the lock, also for children that inherited it.
func (l *Lock) Unlock() error { panic("stub") }

// Lock excludes every other command on the sandbox and GC. It waits as long as
// ctx lets it; then ErrBusy.
func (d Dir) Lock(ctx context.Context, k Key) (*Lock, error) { panic("stub") }

// LockAll excludes every other command on this node.
func (d Dir) LockAll(ctx context.Context) (*Lock, error) { panic("stub") }

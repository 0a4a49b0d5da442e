package state

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/plan"
)

// reserved tells that a name in the state folder is not that of a container.
func reserved(name string) bool {
	switch name {
	case sandboxesName, unreadableName, resultsName, lockName:
		return true
	}
	return checkContainerID(name) != nil || len(name) > maxName
}

// olderExists tells whether an older Multus left a record of the container: a
// regular file; anything else of that name is none of it.
func (d Dir) olderExists(id string) (bool, error) {
	if reserved(id) {
		return false, nil
	}
	var st unix.Stat_t
	err := again(func() error { return unix.Lstat(d.path(id), &st) })
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("state folder %s: %w", d, err)
	}
	return st.Mode&unix.S_IFMT == unix.S_IFREG, nil
}

// older reads the file that an older Multus left of a container. ErrNone where
// there is none.
func (f folder) older(id string) (older, error) {
	c, err := f.read(id)
	if errors.Is(err, fs.ErrNotExist) {
		return older{}, ErrNone
	}
	if err != nil {
		return older{}, err
	}
	o, err := parseOlder(c.data)
	if err != nil {
		return older{}, f.unreadable(id, err)
	}
	o.id, o.written = id, c.modified
	return o, nil
}

// loadOlder is Load for what an older Multus left.
func (d Dir) loadOlder(k Key) (Record, error) {
	there, err := d.olderExists(k.ContainerID)
	if err != nil {
		return Record{}, err
	}
	if !there {
		return Record{}, fmt.Errorf("%w %s", ErrNone, k)
	}
	f, err := openFolder(string(d), false)
	if err != nil {
		return Record{}, err
	}
	defer f.close()
	o, err := f.older(k.ContainerID)
	if errors.Is(err, ErrNone) {
		return Record{}, fmt.Errorf("%w %s", ErrNone, k)
	}
	if err != nil {
		return Record{}, err
	}
	c := d.cache()
	defer c.close()
	return o.record(k.IfName, c), nil
}

// removeOlder takes away what an older Multus left of the record's container.
func (d Dir) removeOlder(r Record) error {
	id := r.Sandbox.ContainerID
	there, err := d.olderExists(id)
	if err != nil || !there {
		return err
	}
	c := d.cache()
	defer c.close()
	// The record goes after what is found through it.
	if err := c.remove(r); err != nil {
		return err
	}
	f, err := openFolder(string(d), false)
	if err != nil {
		return err
	}
	defer f.close()
	if err := f.remove(id); err != nil {
		return err
	}
	return f.sync()
}

// record is the older record in today's form, the master first.
func (o older) record(ifName string, c *cache) Record {
	r := Record{
		Schema:  Schema,
		Created: o.written,
		Sandbox: plan.Sandbox{ContainerID: o.id, IfName: ifName},
	}
	master := o.master()
	for i, name := range o.interfaces(ifName) {
		if o.faults[i] != nil {
			r.Warnings = append(r.Warnings, o.faults[i].Error())
			continue
		}
		e := o.elements[i]
		cached := c.entry(e.list.Name(), o.id, name)
		a := e.attachment(name, cached)
		if i != master {
			r.Attachments = append(r.Attachments, a)
			continue
		}
		a.Master = true
		r.Attachments = append([]Attachment{a}, r.Attachments...)
		r.Sandbox.NetNS, r.Sandbox.Args = cached.NetNS, a.Args
	}
	r.Pod = podOf(r.Sandbox.Args)
	return r
}

// podOf is the pod that CNI_ARGS name.
func podOf(args string) plan.Pod {
	var pod plan.Pod
	for pair := range strings.SplitSeq(args, ";") {
		switch key, value, _ := strings.Cut(pair, "="); key {
		case "K8S_POD_NAMESPACE":
			pod.Namespace = value
		case "K8S_POD_NAME":
			pod.Name = value
		case "K8S_POD_UID":
			pod.UID = value
		}
	}
	return pod
}

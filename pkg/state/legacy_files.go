package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/multus-cni/multus/pkg/name"
)

// usualInterface is what all known runtimes call a sandbox's first interface.
const usualInterface = "eth0"

// isReserved tells that a name in the state directory is not that of a container.
func isReserved(file string) bool {
	switch file {
	case sandboxesName, unfinishedName, unreadableName, resultsName, lockName:
		return true
	}
	return name.Network(file) != nil || len(file) > maxName
}

// legacy reads the file that an older Multus left of a container. ErrNone where
// there is none: only a regular file is one.
func (f directory) legacy(id string) (legacy, error) {
	info, is := f.isLegacy(id)
	if !is {
		return legacy{}, ErrNone
	}
	data, err := f.read(id)
	if err != nil {
		return legacy{}, err
	}
	l, err := parseLegacy(data)
	if err != nil && !errors.Is(err, ErrNone) {
		err = f.unreadable(id, err)
	}
	l.id, l.written = id, info.ModTime()
	return l, err
}

func (f directory) isLegacy(id string) (fs.FileInfo, bool) {
	info, err := f.Lstat(id)
	return info, !isReserved(id) && err == nil && info.Mode().IsRegular()
}

// loadLegacy is Load for what an older Multus left.
func (d Dir) loadLegacy(k Key) (Record, error) {
	var l legacy
	f, err := d.open()
	if err == nil {
		defer f.close()
		l, err = f.legacy(k.ContainerID)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrNone):
		return Record{}, fmt.Errorf("%w %s", ErrNone, k)
	case err != nil:
		return Record{}, err
	}
	c := d.cache()
	defer c.close()
	return l.record(k.IfName, c), nil
}

// removeLegacy takes away what an older Multus left of the record's container.
func (d Dir) removeLegacy(r Record) error {
	id := r.Sandbox.ContainerID
	f, err := d.open()
	if err != nil {
		return unlessMissing(err)
	}
	defer f.close()
	if _, is := f.isLegacy(id); !is {
		return nil
	}
	c := d.cache()
	defer c.close()
	// The record goes after what is found through it.
	if err := c.remove(r); err != nil {
		return err
	}
	return errors.Join(f.remove(id), f.sync())
}

// legacyKeys names what an older Multus left of containers that have no record of
// today. Other files in the directory are passed over.
func (d Dir) legacyKeys(known []Key) ([]Key, error) {
	f, err := d.open()
	if err != nil {
		return nil, unlessMissing(err)
	}
	defer f.close()
	continued := make(map[string]bool, len(known))
	for _, k := range known {
		continued[k.ContainerID] = true
	}
	c := d.cache()
	defer c.close()
	entries, err := fs.ReadDir(f.FS(), ".")
	var keys []Key
	for _, e := range entries {
		id := e.Name()
		if continued[id] || !e.Type().IsRegular() || isReserved(id) || !f.holdsArray(id) {
			continue
		}
		// One that cannot be read has no interface to tell; Load will say why.
		k := Key{ContainerID: id, IfName: usualInterface}
		l, err := f.legacy(id)
		if err == nil {
			k.IfName = c.ifName(l)
		}
		if !errors.Is(err, ErrNone) {
			keys = append(keys, k)
		}
	}
	return keys, f.fault("", err)
}

// holdsArray tells whether a file begins as an older record does. Whatever else
// lies in the directory is not read any further.
func (f directory) holdsArray(file string) bool {
	opened, err := f.Open(file)
	if err != nil {
		return false
	}
	defer opened.Close()
	var start [64]byte
	n, _ := opened.Read(start[:])
	return bytes.HasPrefix(bytes.TrimLeft(start[:n], " \t\r\n"), []byte("["))
}

// cache is the directory of results that Multus v3 and v4 kept beside their
// records, one file an attachment, in the format of CNI's own library:
// results/<network>-<container>-<interface>. All three parts may hold a dash, so
// that a name can stand for several attachments, and only the content tells.
type cache struct {
	directory // without a Root where there is none: then it is empty
}

const cacheKind = "cniCacheV1"

// entry is one file of the cache.
type entry struct {
	Kind         string                     `json:"kind"`
	ContainerID  string                     `json:"containerId"`
	Interface    string                     `json:"ifName"`
	Network      string                     `json:"networkName"`
	NetNS        string                     `json:"netns"`
	Args         [][2]string                `json:"cniArgs"`
	Capabilities map[string]json.RawMessage `json:"capabilityArgs"`
	Result       json.RawMessage            `json:"result"`
}

func (c entry) found() bool { return c.Kind == cacheKind }

// args are the entry's CNI_ARGS in the form of that variable.
func (c entry) args() string {
	pairs := make([]string, 0, len(c.Args))
	for _, pair := range c.Args {
		if pair[0] != "" {
			pairs = append(pairs, pair[0]+"="+pair[1])
		}
	}
	return strings.Join(pairs, ";")
}

// parseEntry is the zero entry for what is none.
func parseEntry(data []byte) entry {
	var c entry
	if json.Unmarshal(data, &c) != nil || !c.found() {
		return entry{}
	}
	if !bytes.HasPrefix(bytes.TrimSpace(c.Result), []byte("{")) {
		c.Result = nil
	}
	return c
}

func (d Dir) cache() cache {
	// What cannot be opened is empty: a result helps DEL and is no condition of it.
	f, _ := d.open(resultsName)
	return cache{f}
}

func (c cache) close() {
	if c.Root != nil {
		c.directory.close()
	}
}

// cacheName is the name of an attachment's file; "" where the network's name,
// which comes from outside, makes none.
func cacheName(network, id, ifName string) string {
	file := network + "-" + id + "-" + ifName
	if network == "" || len(file) > maxName || strings.ContainsAny(file, "/\x00") {
		return ""
	}
	return file
}

// entry is what is cached of an attachment. The zero entry, where nothing is or
// it is another one's.
func (c cache) entry(network, id, ifName string) entry {
	found := c.read(cacheName(network, id, ifName))
	if found.Network != network || found.ContainerID != id || found.Interface != ifName {
		return entry{}
	}
	return found
}

func (c cache) read(file string) entry {
	if c.Root == nil || file == "" {
		return entry{}
	}
	data, err := c.directory.read(file)
	if err != nil {
		return entry{}
	}
	return parseEntry(data)
}

// names are the files that may be about the container.
func (c cache) names(id string) []string {
	if c.Root == nil {
		return nil
	}
	entries, _ := fs.ReadDir(c.FS(), ".") // what cannot be listed is empty
	var names []string
	for _, e := range entries {
		if strings.Contains(e.Name(), "-"+id+"-") {
			names = append(names, e.Name())
		}
	}
	return names
}

// ifName is CNI_IFNAME of an older record, which has no room for it itself: the
// interface that is cached for its master, else eth0.
func (c cache) ifName(l legacy) string {
	master := l.elements[l.master()]
	if master.err != nil || master.Interface != "" {
		return usualInterface
	}
	network := master.list.Name()
	if c.entry(network, l.id, usualInterface).found() {
		return usualInterface
	}
	taken := map[string]bool{}
	for _, ifName := range l.interfaces("") {
		taken[ifName] = true
	}
	for _, file := range c.names(l.id) {
		e := c.read(file)
		mine := e.Network == network && e.ContainerID == l.id && file == cacheName(network, l.id, e.Interface)
		if mine && !taken[e.Interface] && checkInterface(e.Interface) == nil {
			return e.Interface
		}
	}
	return usualInterface
}

// remove takes away what is cached of the record's container: the entries that
// say so, and those that say nothing and have the name of an attachment.
func (c cache) remove(r Record) error {
	id := r.Sandbox.ContainerID
	named := map[string]bool{}
	for _, a := range r.Attachments {
		named[cacheName(a.Config.Name(), id, a.Interface)] = true
	}
	var errs []error
	for _, file := range c.names(id) {
		e := c.read(file)
		if e.ContainerID == id || !e.found() && named[file] {
			errs = append(errs, c.directory.remove(file))
		}
	}
	return errors.Join(errs...)
}

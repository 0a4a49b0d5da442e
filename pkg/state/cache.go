package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// cache is the folder of results that Multus v3 and v4 kept beside their
// records, one file an attachment, in the format of CNI's own library:
// results/<network>-<container>-<interface>. All three parts may hold a dash, so
// that a name can stand for several attachments, and only the content tells.
type cache struct {
	folder folder
	open   bool
	listed []string
}

const cacheKind = "cniCacheV1"

// usualInterface is what all known runtimes call a sandbox's first interface.
const usualInterface = "eth0"

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

func parseEntry(data []byte) (entry, error) {
	var c entry
	if err := json.Unmarshal(data, &c); err != nil {
		return entry{}, err
	}
	if c.Kind != cacheKind {
		return entry{}, errors.New("kind other than " + cacheKind)
	}
	if !bytes.HasPrefix(bytes.TrimSpace(c.Result), []byte("{")) {
		c.Result = nil
	}
	return c, nil
}

// cache opens the folder of results; a cache that cannot be opened is empty.
func (d Dir) cache() *cache {
	f, err := openFolder(d.path(resultsName), true)
	return &cache{folder: f, open: err == nil}
}

func (c *cache) close() {
	if c.open {
		c.folder.close()
	}
}

// cacheName is the name of an attachment's file; "" where the network's name,
// which comes from outside, makes none.
func cacheName(network, id, ifName string) string {
	name := network + "-" + id + "-" + ifName
	if network == "" || len(name) > maxName || strings.ContainsAny(name, "/\x00") {
		return ""
	}
	return name
}

// entry is what is cached of an attachment. The zero entry, where nothing is or
// it is another one's: a result helps DEL and is never a condition of it.
func (c *cache) entry(network, id, ifName string) entry {
	found := c.read(cacheName(network, id, ifName))
	if found.Network != network || found.ContainerID != id || found.Interface != ifName {
		return entry{}
	}
	return found
}

func (c *cache) read(name string) entry {
	if !c.open || name == "" {
		return entry{}
	}
	file, err := c.folder.read(name)
	if err != nil {
		return entry{}
	}
	found, err := parseEntry(file.data)
	if err != nil {
		return entry{}
	}
	return found
}

// names are the files that may be about the container.
func (c *cache) names(id string) []string {
	if c.open && c.listed == nil {
		// What cannot be listed is empty, like what cannot be opened.
		c.listed, _ = c.folder.names()
	}
	var names []string
	for _, name := range c.listed {
		if strings.Contains(name, "-"+id+"-") {
			names = append(names, name)
		}
	}
	return names
}

// ifName is CNI_IFNAME of an older record, which has no room for it itself: the
// interface that is cached for its master, else eth0.
func (c *cache) ifName(o older) string {
	master := o.master()
	if len(o.elements) == 0 || o.faults[master] != nil || o.elements[master].Interface != "" {
		return usualInterface
	}
	network := o.elements[master].list.Name()
	if c.entry(network, o.id, usualInterface).found() {
		return usualInterface
	}
	taken := map[string]bool{}
	for _, name := range o.interfaces("") {
		taken[name] = true
	}
	for _, name := range c.names(o.id) {
		e := c.read(name)
		mine := e.Network == network && e.ContainerID == o.id && name == cacheName(network, o.id, e.Interface)
		if mine && !taken[e.Interface] && checkInterface(e.Interface) == nil {
			return e.Interface
		}
	}
	return usualInterface
}

// remove takes away what is cached of the record's container: the entries that
// say so, and those that say nothing and have the name of an attachment.
func (c *cache) remove(r Record) error {
	id := r.Sandbox.ContainerID
	named := map[string]bool{}
	for _, a := range r.Attachments {
		named[cacheName(a.Config.Name(), id, a.Interface)] = true
	}
	var errs []error
	for _, name := range c.names(id) {
		e := c.read(name)
		if e.ContainerID == id || !e.found() && named[name] {
			errs = append(errs, c.folder.remove(name))
		}
	}
	return errors.Join(errs...)
}

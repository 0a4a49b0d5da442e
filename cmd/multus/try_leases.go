package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/plan"
)

// leaseDir is where host-local keeps its leases without a dataDir.
const leaseDir = "/var/lib/cni/networks"

// leaseFolders are where the attachments' addresses are leased, as far as the
// host-local plugin does it.
func leaseFolders(atts []plan.Attachment) []string {
	var found []string
	for _, a := range atts {
		raw, err := json.Marshal(a.Config)
		if err != nil {
			continue
		}
		var list struct {
			Plugins []struct {
				IPAM struct {
					Type    string `json:"type"`
					DataDir string `json:"dataDir"`
				} `json:"ipam"`
			} `json:"plugins"`
		}
		if json.Unmarshal(raw, &list) != nil {
			continue // a plugin whose ipam is no object has no leases either
		}
		for _, p := range list.Plugins {
			if p.IPAM.Type == "host-local" {
				found = append(found, filepath.Join(or(p.IPAM.DataDir, leaseDir), a.Config.Name()))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// absent are the folders, and those above them, that do not exist yet; the
// deepest first.
func absent(folders []string) []string {
	var found []string
	for _, folder := range folders {
		for ; len(folder) > 1; folder = filepath.Dir(folder) {
			if _, err := os.Lstat(folder); err == nil {
				break
			}
			found = append(found, folder)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	slices.Reverse(found) // a folder sorts before what is in it
	return found
}

// leases are the leases that still name one of the containers.
func leases(folders []string, containers []string) []string {
	var found []string
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // never made, or gone already
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(folder, e.Name()))
			if err == nil && slices.ContainsFunc(containers, func(id string) bool { return strings.HasPrefix(string(data), id) }) {
				found = append(found, filepath.Join(folder, e.Name()))
			}
		}
	}
	return found
}

// tidyScratch removes the folders that did not exist before, if nothing is in
// them but host-local's own bookkeeping.
func tidyScratch(folders []string) {
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil || !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !bookkeeping(e) }) {
			for _, e := range entries {
				_ = os.Remove(filepath.Join(folder, e.Name())) // what cannot go keeps its folder
			}
			_ = os.Remove(folder)
		}
	}
}

func bookkeeping(e os.DirEntry) bool {
	return e.Type().IsRegular() && (e.Name() == "lock" || strings.HasPrefix(e.Name(), "last_reserved_ip."))
}

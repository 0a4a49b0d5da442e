package state

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childCommand is this test binary as a child that plays a role.
func childCommand(t *testing.T, role string, d Dir) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "STATE_TEST_CHILD="+role, "STATE_TEST_DIR="+string(d))
	cmd.Stderr = os.Stderr
	return cmd
}

// writer is a child that does one thing to a record: create, update or remove.
func writer(t *testing.T, what string, d Dir, r Record) *exec.Cmd {
	t.Helper()
	data, err := json.Marshal(r)
	must(t, err)
	cmd := childCommand(t, "write "+what, d)
	cmd.Stdin = bytes.NewReader(data)
	return cmd
}

func child(role string, d Dir) int {
	var err error
	switch what, rest, _ := strings.Cut(role, " "); what {
	case "hold":
		err = hold(rest, d)
	case "write":
		err = writeOnce(rest, d)
	case "busy":
		err = neverDone(d)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// hold takes a lock, hands it to a plugin, tells the plugin's pid, and stays.
func hold(what string, d Dir) error {
	l, err := d.Lock(context.Background(), k1)
	if what == "all" && err == nil {
		_ = l.Unlock()
		l, err = d.LockAll(context.Background())
	}
	if err != nil {
		return err
	}
	plugin := exec.Command("sleep", "60")
	plugin.ExtraFiles = []*os.File{l.File()}
	if err := plugin.Start(); err != nil {
		return err
	}
	fmt.Println(plugin.Process.Pid)
	return plugin.Wait()
}

// writeOnce does one thing to the record that stdin holds.
func writeOnce(what string, d Dir) error {
	var r Record
	if err := json.NewDecoder(os.Stdin).Decode(&r); err != nil {
		return err
	}
	switch what {
	case "create":
		return d.Create(r)
	case "update":
		return d.Update(r)
	}
	return d.Remove(r)
}

// neverDone updates the record that is there until it is killed.
func neverDone(d Dir) error {
	for i := 0; ; i++ {
		r, err := d.Load(k1)
		if err != nil {
			return err
		}
		r.Sandbox.NetNS = strings.Repeat("x", i%5000)
		if err := d.Update(r); err != nil {
			return err
		}
	}
}

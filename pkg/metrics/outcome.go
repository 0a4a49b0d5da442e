package metrics

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Outcome is what became of one CNI command.
type Outcome struct {
	Command string `json:"command"`
	// Code is the CNI error code; 0: it succeeded.
	Code    uint    `json:"code"`
	Seconds float64 `json:"seconds"`
	// Networks are the commands of delegates that it took, in their order.
	Networks []Delegated `json:"networks,omitempty"`

	began time.Time
}

// Delegated is what became of one network's part: of all plugins of its list.
type Delegated struct {
	Network string  `json:"network"`
	Command string  `json:"command"`
	Code    uint    `json:"code"`
	Seconds float64 `json:"seconds"`
}

// Begin is the outcome of a command that begins now.
func Begin(command string) *Outcome { return &Outcome{Command: command, began: time.Now()} }

// Delegated notes what became of a network's part that began at a time. Nobody may
// want to know: o is nil then.
func (o *Outcome) Delegated(d Delegated, began time.Time) {
	if o == nil {
		return
	}
	d.Seconds = time.Since(began).Seconds()
	o.Networks = append(o.Networks, d)
}

// maxOutcome bounds a datagram, in bytes.
const maxOutcome = 64 << 10

// SocketName is the socket's name in the state directory.
const SocketName = "metrics.sock"

// socketIn is the socket's path in the state directory.
func socketIn(stateDir string) string { return filepath.Join(stateDir, SocketName) }

// End leaves the outcome on the socket in the state directory. Where there is none it
// costs one system call that fails, and it never waits: a command is worth more than
// its metrics, so whatever goes wrong is nobody's business.
func (o *Outcome) End(stateDir string, code uint) {
	path := socketIn(stateDir)
	if unix.Access(path, unix.W_OK) != nil {
		return
	}
	o.Code, o.Seconds = code, time.Since(o.began).Seconds()
	data, err := json.Marshal(o)
	if err != nil || len(data) > maxOutcome {
		return
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	_ = unix.Sendto(fd, data, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, &unix.SockaddrUnix{Name: path})
}

// Receive counts what plugins leave on the socket in the state directory, until the
// context ends. Where another installer runs, its socket gives way: it is the newer
// one's node.
func (c *Counters) Receive(ctx context.Context, stateDir string) error {
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return err
	}
	path := socketIn(stateDir)
	conn, err := listen(path)
	if err != nil {
		return fmt.Errorf("socket %s: %w", path, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	buffer := make([]byte, maxOutcome)
	for {
		n, err := conn.Read(buffer)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("socket %s: %w", path, err)
		}
		var o Outcome
		if json.Unmarshal(buffer[:n], &o) == nil {
			c.Add(o)
		}
	}
}

// listen makes the socket under another name and renames it: a plugin finds the
// older one or this one. Only root may write to it.
func listen(path string) (*net.UnixConn, error) {
	temporary := path + ".new"
	_ = os.Remove(temporary) // where it stays, listening fails
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: temporary, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	err = os.Chmod(temporary, 0o600)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

package metrics

import (
	"encoding/json"
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

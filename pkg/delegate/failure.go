package delegate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/containernetworking/cni/pkg/types"
	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// ErrNoBinary says that the binary of a plugin is in none of the directories.
var ErrNoBinary = errors.New("plugin binary not found")

// startError says that a plugin cannot be started: its file is not executable, or no
// program of this architecture.
type startError struct{ err error }

func (e *startError) Error() string { return e.err.Error() }
func (e *startError) Unwrap() error { return e.err }

// notStarted tells whether a plugin that failed was never started.
func notStarted(err error) bool {
	var unable *startError
	return errors.Is(err, ErrNoBinary) || errors.As(err, &unable)
}

// maxField bounds each text that is taken over from a plugin into an error.
const maxField = 4 << 10

// maxShown bounds what is shown of text that makes no sense.
const maxShown = 512

// lateError says that a plugin was killed because it was not waited for any longer.
type lateError struct {
	command string
	after   time.Duration
	cause   error
}

func (e lateError) Error() string {
	if errors.Is(e.cause, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer to %s after %s, killed", e.command, e.after)
	}
	return fmt.Sprintf("%s given up after %s, killed: %v", e.command, e.after, e.cause)
}

func (e lateError) Unwrap() error { return e.cause }

// failure is the error of a plugin that ended badly: the error object that it
// printed, else what can be told from the rest.
func failure(ending string, stdout, stderr []byte) error {
	stdout = bytes.TrimSpace(stdout)
	o, err := parse(stdout)
	switch {
	case err == nil && errorShaped(o):
		return asError(o, ending)
	case err == nil && resultShaped(o):
		return withStderr(ending+", with a result on standard output where an error object was due", stderr)
	case len(stdout) > 0:
		return withStderr(fmt.Sprintf("%s, no CNI error object on standard output: %q", ending, fault.Clip(string(stdout), maxShown)), stderr)
	}
	return withStderr(ending+", nothing on standard output", stderr)
}

func withStderr(text string, stderr []byte) error {
	if end := strings.TrimSpace(string(stderr[max(0, len(stderr)-maxField):])); end != "" {
		return fmt.Errorf("%s; standard error: %s", text, end)
	}
	return errors.New(text)
}

// ending says how a process ended.
func ending(p *os.ProcessState) string {
	status, ok := p.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return p.String()
	}
	return "ended by " + cmp.Or(unix.SignalName(status.Signal()), status.Signal().String())
}

// errorShaped tells whether the object is a CNI error rather than anything else.
func errorShaped(o rawjson.Object) bool {
	_, msg := o.Folded("msg")
	return !resultShaped(o) && (msg || codeOf(o) != 0)
}

// resultShaped tells whether the object has what only a result has.
func resultShaped(o rawjson.Object) bool {
	return slices.ContainsFunc([]string{"interfaces", "ips", "routes", "ip4", "ip6"}, func(key string) bool {
		_, given := o.Folded(key)
		return given
	})
}

// codeOf is the error code, 0 where there is none that makes sense.
func codeOf(o rawjson.Object) uint {
	raw, _ := o.Folded("code")
	code, err := strconv.ParseUint(strings.Trim(string(raw), `"`), 10, 32)
	if err != nil {
		return 0
	}
	return uint(code)
}

// asError is the error object as an error with a code and a message in any case.
func asError(o rawjson.Object, ending string) *types.Error {
	e := &types.Error{Code: codeOf(o), Msg: textOf(o, "msg"), Details: textOf(o, "details")}
	if e.Code == types.ErrUnknown {
		e.Code = types.ErrInternal
	}
	if e.Msg == "" {
		e.Msg = fmt.Sprintf("%s, code %d without a message", ending, e.Code)
	}
	return e
}

// textOf is a member's text, bounded. What is no string is given as it stands:
// plugins put whole JSON objects into details.
func textOf(o rawjson.Object, key string) string {
	raw, _ := o.Folded(key)
	text, isText := rawjson.Text(raw)
	if !isText {
		text = string(raw)
	}
	return fault.Clip(text, maxField)
}

// withCause adds to the failure of a plugin what of its configuration most likely
// tells the cause, where the failure names none of it: "Link not found" is all that
// some say of a master that the node does not have.
func withCause(err error, p netconf.Plugin) error {
	conf, parseErr := rawjson.Nested(p.JSON())
	if parseErr != nil {
		return err
	}
	var told []string
	for _, key := range []string{"master", "bridge", "device", "deviceID", "hwaddr", "ifname", "vrfname", "link"} {
		value, isText := conf.Text(key)
		switch {
		case !isText || value == "":
		case strings.Contains(err.Error(), value):
			return err
		default:
			told = append(told, fmt.Sprintf("%s %s", key, fault.Quote(value)))
		}
	}
	if len(told) == 0 {
		return err
	}
	return fmt.Errorf("%w (its configuration has %s)", err, strings.Join(told, ", "))
}

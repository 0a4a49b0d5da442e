package multus

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
)

// Error codes beyond those of the CNI specification, section 5.
const (
	// CodeNotReady is STATUS's answer where ADD would not work.
	CodeNotReady = 50
	// CodeExists is ADD's answer for a sandbox that is attached already.
	CodeExists = 100
)

// maxMessage bounds each text of an error object, in bytes.
const maxMessage = 16 << 10

// codedError gives an error its CNI error code.
type codedError struct {
	code uint
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

func coded(code uint, err error) error {
	if err == nil {
		return nil
	}
	return &codedError{code: code, err: err}
}

// Code is the CNI error code that an error answers the runtime with: the first
// that it or an error in it was given, a delegate's own included, else the one
// that its kind calls for; 0 for no error.
func Code(err error) uint {
	if err == nil {
		return 0
	}
	if code := firstCode(err); code != 0 {
		return code
	}
	switch {
	case errors.Is(err, plan.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return types.ErrTryAgainLater
	case errors.Is(err, delegate.ErrNoBinary):
		return types.ErrInvalidNetworkConfig
	}
	return types.ErrInternal
}

// firstCode walks the tree of an error in the order in which it reads.
func firstCode(err error) uint {
	switch e := err.(type) { //nolint:errorlint // each error of the tree is looked at
	case *codedError:
		return e.code
	case *types.Error:
		return e.Code
	case interface{ Unwrap() error }:
		return firstCode(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, each := range e.Unwrap() {
			if code := firstCode(each); code != 0 {
				return code
			}
		}
	}
	return 0
}

// errorObject is the error of the CNI specification, section 5.
type errorObject struct {
	CNIVersion string `json:"cniVersion"`
	types.Error
}

// ErrorObject is the error as the runtime reads it on standard output.
func (c Call) ErrorObject(cniVersion string, err error) []byte {
	o := errorObject{cniVersion, types.Error{Code: Code(err), Msg: err.Error()}}
	var delegates *types.Error
	if errors.As(err, &delegates) && delegates.Details != "" {
		o.Details = delegates.Details
		o.Msg = strings.Replace(o.Msg, delegates.Error(), delegates.Msg, 1)
	}
	if c.Command == "DEL" {
		o.Msg, o.Details = reword(o.Msg), reword(o.Details)
	}
	o.Msg, o.Details = fault.Clip(o.Msg, maxMessage), fault.Clip(o.Details, maxMessage)
	data, _ := json.Marshal(o) // strings and a number always marshal
	return data
}

// reword says "missing" where somebody says that something was not found: containerd
// takes the latter in the answer to a DEL for success, and never repeats it.
func reword(text string) string {
	return regexp.MustCompile(`(?i)no such file( or directory)?|not found`).ReplaceAllString(text, "missing")
}

// WithCode gives an error the CNI error code that it is to be answered with.
func WithCode(code uint, err error) error { return coded(code, err) }

// Misconfigured is the error of a configuration that could not be parsed, with
// the code that its kind calls for.
func Misconfigured(err error) error {
	switch {
	case errors.Is(err, config.ErrNotConfiguration):
		return coded(types.ErrDecodingFailure, err)
	case errors.Is(err, config.ErrIncompatibleVersion):
		return coded(types.ErrIncompatibleCNIVersion, err)
	}
	return coded(types.ErrInvalidNetworkConfig, err)
}

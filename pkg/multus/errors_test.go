package multus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
)

func TestCode(t *testing.T) {
	told := &types.Error{Code: 107, Msg: "m"}
	tests := []struct {
		name string
		err  error
		want uint
	}{
		{"nothing known", errors.New("x"), 999},
		{"a delegate's", fmt.Errorf("network a (net0): %w", fmt.Errorf("a: %w", told)), 107},
		{"ours over a delegate's", multus.WithCode(7, told), 7},
		{"the first of several", errors.Join(errors.New("x"), fmt.Errorf("b: %w", told), multus.WithCode(5, errors.New("y"))), 107},
		{"one among several wrapped", fmt.Errorf("%w: %w", errors.New("x"), told), 107},
		{"API server", fmt.Errorf("pod: %w", plan.ErrUnavailable), 11},
		{"time", fmt.Errorf("network a: %w", context.DeadlineExceeded), 11},
		{"interrupted", context.Canceled, 11},
		{"no binary", fmt.Errorf("a: %w", delegate.ErrNoBinary), 7},
		{"no configuration", multus.Misconfigured(config.ErrNotConfiguration), 6},
		{"another version", multus.Misconfigured(config.ErrIncompatibleVersion), 1},
		{"a wrong value", multus.Misconfigured(errors.New("key")), 7},
		{"a delegate without a code", &types.Error{Msg: "m"}, 999},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := multus.Code(tt.err); got != tt.want {
				t.Errorf("code %d, want %d", got, tt.want)
			}
		})
	}
	if err := multus.WithCode(7, nil); err != nil {
		t.Errorf("a code makes an error of none: %v", err)
	}
}

func TestErrorObject(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"plain", multus.WithCode(7, errors.New("key <a>")), `{"cniVersion":"1.0.0","code":7,"msg":"key \u003ca\u003e"}`},
		{"details once", fmt.Errorf("network a: %w", &types.Error{Code: 11, Msg: "full", Details: "pool 7"}),
			`{"cniVersion":"1.0.0","code":11,"msg":"network a: full","details":"pool 7"}`},
		{"no UTF-8", errors.New("a\xffb"), `{"cniVersion":"1.0.0","code":999,"msg":"a\ufffdb"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(multus.Call{}.ErrorObject("1.0.0", tt.err)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	long := multus.Call{}.ErrorObject("1.0.0", &types.Error{Code: 5, Msg: strings.Repeat("é", 20<<10), Details: strings.Repeat("d", 40<<10)})
	if len(long) > 34<<10 || strings.Contains(string(long), `\ufffd`) || !strings.Contains(string(long), "…") {
		t.Errorf("%d bytes: %.100s", len(long), long)
	}
}

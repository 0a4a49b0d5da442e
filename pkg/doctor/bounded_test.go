package doctor

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A check that fails, or does not come back whatever its context says, is one finding.
func TestBounded(t *testing.T) {
	tests := []struct {
		name string
		run  func(context.Context, *survey) []Finding
		want Finding
	}{
		{"a panic", func(context.Context, *survey) []Finding { panic("no such thing") }, Finding{Level: Fault, What: "this check failed: no such thing"}},
		{"a hanging file system", func(context.Context, *survey) []Finding { select {} },
			Finding{Level: Fault, What: "no answer within 1ms", Cure: "see whether a file system or a plugin hangs"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Node{Limit: time.Millisecond}.bounded(t.Context(), check{tt.name, tt.run}, &survey{})
			if diff := cmp.Diff([]Finding{tt.want}, got, cmpopts.IgnoreUnexported(Finding{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

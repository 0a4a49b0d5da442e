package doctor

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestClock(t *testing.T) {
	for ahead, want := range map[time.Duration]string{
		10 * time.Second: "ok the same as the API server's",
		-time.Minute:     "warning 60s behind the API server's",
		10 * time.Minute: "fault 10m ahead of the API server's",
		-25 * time.Hour:  "fault 25h behind the API server's",
	} {
		f := askew(ahead)[0]
		if got := string(f.Level) + " " + f.What; got != want || (f.Level == OK) != (f.Cure == "") {
			t.Errorf("%s: %s (%s), want %s", ahead, got, f.Cure, want)
		}
	}
}

// A check that fails, or does not come back whatever its context says, is one finding.
func TestBounded(t *testing.T) {
	tests := []struct {
		name string
		run  func(context.Context, *survey) []Finding
		want Finding
	}{
		{"a panic", func(context.Context, *survey) []Finding { panic("no such thing") }, Finding{Check: "a panic", Level: Fault, What: "this check failed: no such thing"}},
		{"a hanging file system", func(context.Context, *survey) []Finding { select {} },
			Finding{Check: "a hanging file system", Level: Fault, What: "no answer within 1ms", Cure: "see whether a file system or a plugin hangs"}},
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

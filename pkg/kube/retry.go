package kube

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// How requests are tried again.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = 2 * time.Second
	// shortTry is the least that one try gets, as far as there is as much left.
	shortTry = time.Second
	// maxBudget is what a request gets whose context has no deadline.
	maxBudget = time.Minute
)

// do tries the request until it works out, cannot work out, or the context ends.
// A try gets half of the time that is left, so that a server that hangs can be
// tried again on another connection.
func (c *Client) do(ctx context.Context, q request) ([]byte, *failure) {
	ctx, cancel := context.WithTimeout(ctx, maxBudget)
	defer cancel()
	deadline, _ := ctx.Deadline()
	budget := time.Until(deadline)
	pauses := wait.Backoff{Duration: firstPause, Factor: 2, Jitter: 0.25, Cap: maxPause, Steps: 20}
	var last *failure
	turnedDown := false
	for tries := 1; ; tries++ {
		a, f := c.try(ctx, q, max(time.Until(deadline)/2, shortTry))
		if f == nil {
			return a.body, nil
		}
		if last == nil || !f.cut {
			last = f
		}
		again := f.again || q.retry != nil && q.retry(f)
		if f.status.Code == http.StatusUnauthorized && !turnedDown {
			turnedDown, again = true, true // once, with credentials read anew
		}
		if again && tries != q.tries && sleep(ctx, max(pauses.Step(), f.after)) {
			continue
		}
		if tries > 1 { // a text without chance: requests that fail at the same time say the same
			last.err = fmt.Errorf("%w (tried again for %s)", last.err, budget.Round(100*time.Millisecond))
		}
		return nil, last
	}
}

// sleep pauses, and tells whether there is time for another try afterwards. If
// not, it does not pause.
func sleep(ctx context.Context, pause time.Duration) bool {
	if deadline, _ := ctx.Deadline(); time.Until(deadline) <= pause {
		return false
	}
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}

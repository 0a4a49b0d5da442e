package kube

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// How requests are tried again.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = 2 * time.Second
	// shortTry is the least that one try gets, as far as there is as much left.
	shortTry = time.Second
	// longTry is what one try gets where there is no deadline.
	longTry = 10 * time.Second
)

// do tries the request until it works out, cannot work out, or the context ends.
func (c *Client) do(ctx context.Context, q call) ([]byte, *fault) {
	budget := left(ctx)
	var last *fault
	turnedDown := false
	for tries, pause := 1, firstPause; ; tries, pause = tries+1, min(2*pause, maxPause) {
		body, f := c.try(ctx, q, share(ctx))
		if f == nil {
			return body, nil
		}
		if last == nil || !f.cut {
			last = f
		}
		again := f.again || q.retry != nil && q.retry(f)
		if f.code == http.StatusUnauthorized && !turnedDown {
			turnedDown, again = true, true
		}
		if !again || !sleep(ctx, max(jitter(pause), f.after)) {
			return nil, last.tried(tries, budget)
		}
	}
}

// share is what one try gets of the time that is left: half of it, so that a
// server that hangs can be tried again on another connection.
func share(ctx context.Context) time.Duration {
	if budget := left(ctx); budget > 0 {
		return max(budget/2, shortTry)
	}
	return longTry
}

// left is the time until the deadline; 0 where there is none.
func left(ctx context.Context) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 0
	}
	return max(time.Until(deadline), 1)
}

// sleep pauses, and tells whether there is time for another try afterwards. If
// not, it does not pause.
func sleep(ctx context.Context, pause time.Duration) bool {
	if budget := left(ctx); budget > 0 && budget <= pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jitter spreads the tries of many processes that failed at the same moment.
func jitter(pause time.Duration) time.Duration {
	return pause - pause/4 + rand.N(pause/2)
}

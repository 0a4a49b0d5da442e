package node

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// askTimeout is for all that is asked of the API server at one time.
const askTimeout = 30 * time.Second

// repeat asks for something until the context ends: again after the pause that the
// answer tells, or when something in the directories changes. What fails is logged, and
// asked for again after pauses that grow.
func (n Node) repeat(ctx context.Context, dirs []string, ask func(context.Context) (pause time.Duration, err error)) {
	first := wait.Backoff{Duration: time.Second, Factor: 2, Cap: time.Minute, Steps: 20}
	failures := first
	for ctx.Err() == nil {
		changes, end := n.watch(dirs)
		asking, cancel := context.WithTimeout(ctx, askTimeout)
		pause, err := ask(asking)
		cancel()
		switch {
		case err == nil:
			failures = first
		case ctx.Err() == nil:
			pause = failures.Step()
			n.Log.WithError(err).Warn("asking the API server again")
		}
		await(ctx, pause, changes, nil)
		end()
	}
}

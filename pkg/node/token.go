package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/regular"
)

const (
	tokenTimeout = 30 * time.Second // for all tries of one request
	// Pauses before a token is asked for again: after failures, which grow, and where
	// the server permits none.
	tokenPause    = time.Second
	maxTokenPause = time.Minute
	deniedPause   = 10 * time.Minute
)

// ErrToken says that the plugin's token has (nearly) come to its end.
var ErrToken = errors.New("the plugin's token expires and cannot be renewed")

// tokens is the newest token that the server gave for the plugin.
type tokens struct {
	newest atomic.Pointer[string]
	wake   chan struct{} // a token came
}

// Cluster is the API server as the installer reaches it; nil where it does not.
func (o Options) Cluster() *kube.Client {
	if o.ownAccess() {
		return kube.Account(o.API.Server, o.API.Account)
	}
	if path, given := o.Keys.Text("kubeconfig"); given {
		if client, err := kube.Dial(path); err == nil {
			return client
		}
	}
	return nil
}

// keepToken asks for a token of the plugin's own, and for the next one when a quarter
// of its time is over or the projected one changes: a projected token ends with its
// pod, and with the key that signed it.
func (n Node) keepToken(ctx context.Context) {
	failure := tokenPause
	for ctx.Err() == nil {
		watch := newWatch([]string{n.API.Account}, n.Log)
		lifetime, err := n.requestToken(ctx)
		pause := lifetime / 4
		switch {
		case err == nil:
			failure = tokenPause
		case errors.Is(err, kube.ErrDenied):
			pause = deniedPause
			n.Log.WithError(err).Warn("no token of its own for the plugin; it uses the projected one, which ends with this pod")
		default:
			pause, failure = failure, min(2*failure, maxTokenPause)
			if ctx.Err() == nil {
				n.Log.WithError(err).Warn("no new token for the plugin; the one before stays")
			}
		}
		watch.wait(ctx, jitter(pause), nil)
	}
}

// jitter keeps the nodes of a cluster from asking all at once.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + time.Duration(rand.Int64N(int64(d/5)+1)) //nolint:gosec // nothing secret
}

// Once makes the files what they should be, asks for a token, and puts it in its place.
func (n Node) Once(ctx context.Context) (Report, error) {
	n.tokens = &tokens{}
	first, err := n.Reconcile()
	for _, warning := range first.Passed {
		n.Log.Warn(warning)
	}
	if !n.ownAccess() || ctx.Err() != nil {
		return first, err
	}
	if _, tokenErr := n.requestToken(ctx); tokenErr != nil {
		n.Log.WithError(tokenErr).Warn("no token of its own for the plugin; it uses the projected one")
		return first, err
	}
	report, err := n.Reconcile()
	report.Written = append(first.Written, report.Written...)
	report.Removed = append(first.Removed, report.Removed...)
	return report, err
}

// requestToken asks for a token that ends with the node, else for one that ends with
// nothing, and tells how long it lasts.
func (n Node) requestToken(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	id, err := n.identity()
	if err != nil {
		return 0, err
	}
	account := plan.Ref{Namespace: id.Namespace, Name: id.Account}
	cluster := n.Cluster()
	defer cluster.Close()
	token, err := cluster.Token(ctx, account, kube.Identity{Node: id.Node, NodeUID: id.NodeUID}, n.API.TokenLifetime)
	if errors.Is(err, kube.ErrDenied) && id.Node != "" {
		token, err = cluster.Token(ctx, account, kube.Identity{}, n.API.TokenLifetime)
	}
	if err != nil {
		return 0, fmt.Errorf("token of %s: %w", account, err)
	}
	got := kube.IdentityOf(token)
	if !lasting(token, time.Now()) {
		return 0, fmt.Errorf("token of %s: it ends at %s, by this node's clock", account, got.Expires)
	}
	n.tokens.newest.Store(&token)
	select {
	case n.tokens.wake <- struct{}{}:
	default:
	}
	return got.Expires.Sub(got.Issued), nil
}

// identity is whose the projected token is, and which node's: with --node-name that one.
func (n Node) identity() (kube.Identity, error) {
	projected, err := n.account("token")
	if err != nil {
		return kube.Identity{}, err
	}
	id := kube.IdentityOf(string(projected))
	if id.Account == "" {
		return id, fmt.Errorf("service account: %s/token does not say whose it is, so that no other can be asked for: %w", n.API.Account, kube.ErrDenied)
	}
	if named := cmp.Or(n.API.NodeName, id.Node); named != id.Node {
		id.Node, id.NodeUID = named, ""
	}
	return id, nil
}

// NodeName is this node's name, empty where nothing tells it.
func (n Node) NodeName() string {
	if n.API.NodeName != "" {
		return n.API.NodeName
	}
	id, _ := n.identity() // without one there is no name
	return id.Node
}

// token is what the plugin is to use: the newest that was asked for, as long as it
// lasts, else the projected one.
func (n Node) token() ([]byte, error) {
	if n.tokens != nil {
		if newest := n.tokens.newest.Load(); newest != nil && lasting(*newest, time.Now()) {
			return []byte(*newest), nil
		}
	}
	// One that an installer before this one asked for outlives it.
	if before, err := regular.Read(n.tokenPath(), maxCredential); err == nil && lasting(string(before), time.Now()) {
		return before, nil
	}
	return n.account("token")
}

// lasting tells whether a token was asked for, and has more than a tenth of its time left.
func lasting(token string, now time.Time) bool {
	id := kube.IdentityOf(token)
	return id.Account != "" && id.Pod == "" && !ending(id, now)
}

// ending tells whether less than a tenth of a token's time is left, where that can be seen.
func ending(id kube.Identity, now time.Time) bool {
	return !id.Expires.IsZero() && id.Expires.Sub(now) < id.Expires.Sub(id.Issued)/10
}

// checkToken tells whether the token that the plugin uses is about to end.
func (n Node) checkToken() error {
	token, err := os.ReadFile(n.tokenPath())
	if err != nil {
		return err
	}
	if id := kube.IdentityOf(strings.TrimSpace(string(token))); ending(id, time.Now()) {
		return fmt.Errorf("%w: it is good until %s; see the log, and this node's clock", ErrToken, id.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

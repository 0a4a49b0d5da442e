package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/regular"
)

// deniedPause is the time until a token is asked for again where the server permits none.
const deniedPause = 10 * time.Minute

// ErrToken says that the plugin's token has (nearly) come to its end.
var ErrToken = errors.New("the plugin's token expires and cannot be renewed")

// Cluster is the API server as the installer reaches it; nil where it does not.
func (o Options) Cluster() *kube.Client {
	if o.ownAccess() {
		return kube.Account(o.API.Server, o.API.Account)
	}
	path, _ := o.Keys.Text("kubeconfig")
	return kube.Dial(path)
}

// keepToken asks for a token of the plugin's own, and for the next one when a quarter
// of its time is over or the projected one changes: a projected token ends with its
// pod, and with the key that signed it.
func (n Node) keepToken(ctx context.Context, tokens chan<- string) {
	n.repeat(ctx, []string{n.API.Account}, func(asking context.Context) (time.Duration, error) {
		token, err := n.requestToken(asking)
		if errors.Is(err, kube.ErrDenied) {
			n.Log.WithError(err).Warn("no token of its own for the plugin; it uses the projected one, which ends with this pod")
			return deniedPause, nil
		}
		if err != nil {
			return 0, err
		}
		select {
		case tokens <- token:
		case <-ctx.Done():
		}
		id := kube.IdentityOf(token)
		const spread = 0.2 // or the nodes of a cluster would ask all at once
		return wait.Jitter(id.Expires.Sub(id.Issued)/4, spread), nil
	})
}

// Once makes the files what they should be, asks for a token, and puts it in its place.
func (n Node) Once(ctx context.Context) (Report, error) {
	report, err := n.Reconcile()
	for _, warning := range report.Passed {
		n.Log.Warn(warning)
	}
	if !n.ownAccess() || ctx.Err() != nil {
		return report, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	token, tokenErr := n.requestToken(ctx)
	if tokenErr != nil {
		n.Log.WithError(tokenErr).Warn("no token of its own for the plugin; it uses the projected one")
		return report, err
	}
	n.newest = token
	return n.Reconcile()
}

// requestToken asks for a token that ends with the node, else for one that ends with
// nothing but its time.
func (n Node) requestToken(ctx context.Context) (string, error) {
	id, err := n.identity()
	if err != nil {
		return "", err
	}
	account := plan.Ref{Namespace: id.Namespace, Name: id.Account}
	cluster := n.Cluster()
	defer cluster.Close()
	token, err := cluster.Token(ctx, account, kube.Identity{Node: id.Node, NodeUID: id.NodeUID}, n.API.TokenLifetime)
	if errors.Is(err, kube.ErrDenied) && id.Node != "" {
		token, err = cluster.Token(ctx, account, kube.Identity{}, n.API.TokenLifetime)
	}
	if err == nil && !lasting(token, time.Now()) {
		err = fmt.Errorf("it ends at %s, by this node's clock", kube.IdentityOf(token).Expires)
	}
	if err != nil {
		return "", fmt.Errorf("token of %s: %w", account, err)
	}
	return token, nil
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
	id, _ := n.identity() // without one there is no name
	return cmp.Or(n.API.NodeName, id.Node)
}

// token is what the plugin is to use: the newest that was asked for, also by an
// installer before this one, which it outlives, as long as it lasts; else the projected
// one.
func (n Node) token() ([]byte, error) {
	before, _ := regular.Read(n.tokenPath(), maxCredential) // none there: none to use
	for _, token := range []string{n.newest, string(before)} {
		if lasting(token, time.Now()) {
			return []byte(token), nil
		}
	}
	return n.account("token")
}

// TokenTimes tells since when and until when the token that pods are attached with is
// valid, as it says itself; the zero time where it does not.
func (o Options) TokenTimes() (issued, expires time.Time) {
	token, _ := regular.Read(o.tokenPath(), maxCredential) // none there says nothing
	id := kube.IdentityOf(string(token))
	return id.Issued, id.Expires
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

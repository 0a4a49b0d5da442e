package node

import (
	"errors"
	"io/fs"
	"syscall"
	"time"

	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/regular"
)

// Reasons are all that Reason returns for a node that is not ready.
func Reasons() []string {
	return []string{"starting", "no-default-network", "fight", "token", "disk", "permission", "other"}
}

// Reason is in a word why the node is not ready, for metrics, which must not have one
// for each message; "" where it is.
func (h *Health) Reason() string {
	switch err := h.Err(); {
	case err == nil:
		return ""
	case h.last.Load() == nil:
		return "starting"
	case errors.Is(err, ErrFight):
		return "fight"
	case errors.Is(err, ErrNoDefaultNetwork):
		return "no-default-network"
	case errors.Is(err, ErrToken):
		return "token"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EIO):
		return "disk"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "permission"
	}
	return "other"
}

// TokenTimes tells since when and until when the token that pods are attached with is
// valid, as it says itself; the zero time where it does not.
func (o Options) TokenTimes() (issued, expires time.Time) {
	token, _ := regular.Read(o.tokenPath(), maxCredential) // none there says nothing
	id := kube.IdentityOf(string(token))
	return id.Issued, id.Expires
}

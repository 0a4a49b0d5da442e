package manifest

import (
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/plan"
)

// maxShown bounds the names in a message, in bytes.
const maxShown = 200

// missing says that no object of the kind has the wanted name, what there is
// instead, and which of them was probably meant.
func missing(want, kind string, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("%w: the files have no %s at all", plan.ErrNotFound, kind)
	}
	if near := name.Nearest(want, names); near != "" {
		return fmt.Errorf("%w in the files; did you mean %s?", plan.ErrNotFound, near)
	}
	return fmt.Errorf("%w in the files, which have %s", plan.ErrNotFound, fault.Clip(strings.Join(names, ", "), maxShown))
}

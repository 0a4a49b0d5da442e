package manifest

import (
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/plan"
)

// shown bounds the names in a message.
const shown = 8

// missing says that no object of the kind has the wanted name, what there is
// instead, and which of them was probably meant.
func missing(want, kind string, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("%w: the files have no %s at all", plan.ErrNotFound, kind)
	}
	if near := nearest(want, names); near != "" {
		return fmt.Errorf("%w in the files; did you mean %s?", plan.ErrNotFound, near)
	}
	listed := strings.Join(names[:min(len(names), shown)], ", ")
	if len(names) > shown {
		listed += fmt.Sprintf(" and %d more", len(names)-shown)
	}
	return fmt.Errorf("%w in the files, which have %s", plan.ErrNotFound, listed)
}

// nearest is the name that differs least from want, if it is near enough to be
// what was meant.
func nearest(want string, names []string) string {
	best, least := "", max(2, len(want)/4)+1
	for _, name := range names {
		if d := distance(want, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is Levenshtein's: how many bytes to change, insert or drop.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(diagonal+cost, row[j]+1, row[j+1]+1)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

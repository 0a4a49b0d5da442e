package name

// Nearest is the name that differs least from want, if it is near enough to be
// what was meant.
func Nearest(want string, names []string) string {
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
			next := min(diagonal, row[j], row[j+1]) + 1
			if a[i] == b[j] {
				next = diagonal
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

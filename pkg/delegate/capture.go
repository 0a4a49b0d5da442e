package delegate

import (
	"fmt"
	"slices"
)

// capture takes all that is written and keeps the beginning and the end of it.
type capture struct {
	data []byte
	lost int
}

const (
	// captureEnd is how much of the end is kept in any case.
	captureEnd  = 64 << 10
	captureHead = MaxStderr - captureEnd
)

func (c *capture) Write(p []byte) (int, error) {
	c.data = append(c.data, p...)
	if len(c.data) > MaxStderr+captureEnd {
		c.trim()
	}
	return len(p), nil
}

func (c *capture) trim() {
	if more := len(c.data) - MaxStderr; more > 0 {
		c.data = slices.Delete(c.data, captureHead, captureHead+more)
		c.lost += more
	}
}

// Bytes is what was kept, with a line that says how much was not.
func (c *capture) Bytes() []byte {
	c.trim()
	if c.lost == 0 {
		return c.data
	}
	note := fmt.Appendf(nil, "\n… %d bytes left out …\n", c.lost)
	return slices.Insert(slices.Clone(c.data), captureHead, note...)
}

// bounded is a buffer with a limit. full is called once, when more than the
// limit is written.
type bounded struct {
	limit int
	full  func()

	data []byte
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	switch {
	case b.over:
	case len(b.data)+len(p) > b.limit:
		b.over = true
		b.full()
	default:
		b.data = append(b.data, p...)
	}
	return len(p), nil
}

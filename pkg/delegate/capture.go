package delegate

import (
	"bytes"
	"fmt"
)

// capture is a writer that never fails and never holds more than its limits:
// the beginning and the end of what was written, and how much fell out between.
type capture struct {
	headLimit, tailLimit int

	head    []byte
	tail    []byte // at most 2*tailLimit, the last tailLimit count
	written int64
}

func (c *capture) Write(p []byte) (int, error) {
	n := len(p)
	c.written += int64(n)
	if room := c.headLimit - len(c.head); room > 0 {
		room = min(room, len(p))
		c.head = append(c.head, p[:room]...)
		p = p[room:]
	}
	if len(p) > c.tailLimit {
		p = p[len(p)-c.tailLimit:]
	}
	c.tail = append(c.tail, p...)
	if len(c.tail) > 2*c.tailLimit {
		c.tail = append(c.tail[:0], c.tail[len(c.tail)-c.tailLimit:]...)
	}
	return n, nil
}

// Bytes is what was kept, with a line that says how much was not.
func (c *capture) Bytes() []byte {
	tail := c.tail[max(0, len(c.tail)-c.tailLimit):]
	lost := c.written - int64(len(c.head)) - int64(len(tail))
	if lost == 0 {
		return bytes.Join([][]byte{c.head, tail}, nil)
	}
	note := fmt.Appendf(nil, "\n… %d bytes left out …\n", lost)
	return bytes.Join([][]byte{c.head, note, tail}, nil)
}

// End is the last n bytes that were written, or less.
func (c *capture) End(n int) []byte {
	kept := c.tail
	if len(kept) < n {
		kept = c.Bytes()
	}
	return kept[max(0, len(kept)-n):]
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
	if b.over {
		return len(p), nil
	}
	if len(b.data)+len(p) > b.limit {
		b.over = true
		b.full()
		return len(p), nil
	}
	b.data = append(b.data, p...)
	return len(p), nil
}

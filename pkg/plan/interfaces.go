package plan

import "fmt"

// named is an interface name and how it came about.
type named struct {
	name   string
	reason string
}

// interfaces names every wanted attachment. Names that are asked for are
// reserved before any is generated, so that no order of elements makes two of
// one name.
func (d *draft) interfaces() []named {
	taken := map[string]bool{d.sandbox.IfName: true}
	for _, w := range d.wanted {
		taken[w.selection.Interface] = true
	}
	names := make([]named, 0, len(d.wanted))
	for i, w := range d.wanted {
		next := named{name: w.selection.Interface, reason: "named in the annotation"}
		if i == 0 {
			next = named{name: d.sandbox.IfName, reason: "the runtime's name"}
		} else if next.name == "" {
			next = d.positional(i-1, taken)
		}
		taken[next.name] = true
		names = append(names, next)
	}
	return names
}

// positional is the name that an attachment's position gives it, or the lowest
// free one where that is taken.
func (d *draft) positional(position int, taken map[string]bool) named {
	first := d.planner.Conf.FirstInterfaceIndex
	wish := generated(first + position)
	if !taken[wish] {
		return named{name: wish, reason: fmt.Sprintf("position %d", position)}
	}
	for i := first; ; i++ {
		if name := generated(i); !taken[name] {
			return named{name: name, reason: fmt.Sprintf("position %d, where %s is taken", position, wish)}
		}
	}
}

func generated(index int) string { return fmt.Sprintf("net%d", index) }

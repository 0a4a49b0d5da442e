package state

import "slices"

// Survey is what is recorded on a node, in figures.
type Survey struct {
	Sandboxes   int // with a record
	Older       int // among them, whose record an older Multus left
	Attachments int // that may have to be detached
	// Stale are the sandboxes that no runtime will come back for, Unfinished those
	// among them whose DEL or roll-back failed.
	Stale, Unfinished int
}

// Survey counts the records. Those that cannot be read are in the error, and the
// others are counted all the same.
func (d Dir) Survey() (Survey, error) {
	recs, err := d.List()
	ours, _ := d.keys(sandboxesName) // what is wrong with the directory List says too
	s := Survey{Sandboxes: len(recs)}
	for _, rec := range recs {
		if !slices.Contains(ours, rec.Key()) {
			s.Older++
		}
		for _, a := range rec.Attachments {
			if a.Started() {
				s.Attachments++
			}
		}
		if d.IsStale(rec) {
			s.Stale++
		}
		if d.IsUnfinished(rec) {
			s.Unfinished++
		}
	}
	return s, err
}

package state

// Survey is what is recorded on a node, in figures.
type Survey struct {
	Sandboxes   int // with a record
	Attachments int // that may have to be detached
	// Stale are the sandboxes that no runtime will come back for, Unfinished those
	// among them whose DEL or roll-back failed.
	Stale, Unfinished int
}

// Survey counts the records. Those that cannot be read are in the error, and the
// others are counted all the same.
func (d Dir) Survey() (Survey, error) {
	recs, err := d.List()
	s := Survey{Sandboxes: len(recs)}
	for _, rec := range recs {
		for _, a := range rec.Attachments {
			if a.Phase == Attaching || a.Phase == Attached {
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

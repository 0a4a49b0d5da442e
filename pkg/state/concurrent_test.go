package state

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestConcurrent runs many sandboxes' lives at once, while others read along.
func TestConcurrent(t *testing.T) {
	d := Dir(t.TempDir() + "/multus")
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := d.List(); err != nil {
				t.Errorf("List: %v", err)
			}
			if _, err := d.Load(Key{ContainerID: "c0", IfName: "eth0"}); err != nil && !errors.Is(err, ErrNone) {
				t.Errorf("Load: %v", err)
			}
		}
	})
	for i := range 8 {
		r := record(t, Key{ContainerID: fmt.Sprint("c", i%4), IfName: "eth0"})
		writers.Go(func() {
			for range 10 {
				if err := life(t, d, r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	if keys, err := d.Keys(); err != nil || len(keys) > 0 {
		t.Errorf("left %v, %v", keys, err)
	}
}

// life is what ADD and DEL do to a record, one after the other.
func life(t *testing.T, d Dir, r Record) error {
	l, err := d.Lock(t.Context(), r.Key())
	if err != nil {
		return err
	}
	return errors.Join(d.Create(r), d.Update(attached(r)), d.Remove(r), l.Unlock())
}

func BenchmarkLife(b *testing.B) {
	d := Dir(b.TempDir())
	for i := range 500 {
		must(b, d.Create(record(b, Key{ContainerID: fmt.Sprint("other", i), IfName: "eth0"})))
	}
	r := record(b, k1)
	after := attached(r)
	for b.Loop() {
		must(b, d.Create(r))
		must(b, d.Update(after))
		must(b, d.Remove(r))
	}
}

func BenchmarkUpdate(b *testing.B) {
	d := Dir(b.TempDir())
	r := attached(record(b, k1))
	must(b, d.Create(r))
	for b.Loop() {
		must(b, d.Update(r))
	}
}

func BenchmarkLock(b *testing.B) {
	d := Dir(b.TempDir())
	for b.Loop() {
		l, err := d.Lock(b.Context(), k1)
		must(b, err)
		must(b, l.Unlock())
	}
}

func BenchmarkList1000(b *testing.B) {
	d := Dir(b.TempDir())
	for i := range 1000 {
		must(b, d.Create(attached(record(b, Key{ContainerID: fmt.Sprint("c", i), IfName: "eth0"}))))
	}
	b.Run("List", func(b *testing.B) {
		for b.Loop() {
			records, err := d.List()
			must(b, err)
			if len(records) != 1000 {
				b.Fatalf("%d records", len(records))
			}
		}
	})
	b.Run("Keys", func(b *testing.B) {
		for b.Loop() {
			keys, err := d.Keys()
			must(b, err)
			if len(keys) != 1000 {
				b.Fatalf("%d keys", len(keys))
			}
		}
	})
}

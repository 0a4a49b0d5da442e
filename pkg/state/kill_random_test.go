package state

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestKilledAtRandom kills a process that does nothing but update a record.
func TestKilledAtRandom(t *testing.T) {
	d := Dir(t.TempDir())
	must(t, d.Create(record(t, k1)))
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	for range rounds {
		cmd := childCommand(t, "busy", d)
		must(t, cmd.Start())
		time.Sleep(20*time.Millisecond + time.Duration(rand.IntN(20_000))*time.Microsecond)
		must(t, cmd.Process.Kill())
		if err := cmd.Wait(); !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the child ended by itself: %v", err)
		}
		got, err := d.Load(k1)
		if err != nil {
			t.Fatal(err)
		}
		got.Sandbox.NetNS = record(t, k1).Sandbox.NetNS
		if diff := differ(record(t, k1), got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

package metrics_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/metrics"
)

func exposed(t *testing.T, families ...metrics.Family) string {
	t.Helper()
	var out strings.Builder
	if err := metrics.Write(&out, families); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// lines are those of the text that begin so.
func lines(text, prefix string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			found = append(found, strings.TrimSuffix(line, "\n"))
		}
	}
	return found
}

func TestWrite(t *testing.T) {
	got := exposed(t,
		metrics.Gauge("a", "What it is.", 0.5), metrics.Counter("b_total", "Another.", 12345678),
		metrics.Family{Name: "c", Help: "Text.", Type: "gauge", Samples: []metrics.Sample{{Labels: []string{"x", "a\"b\\c\nd\xff", "none", ""}, Value: 1}}},
		metrics.Family{Name: "d", Help: "Not known.", Type: "gauge"})
	const want = `# HELP a What it is.
# TYPE a gauge
a 0.5
# HELP b_total Another.
# TYPE b_total counter
b_total 1.2345678e+07
# HELP c Text.
# TYPE c gauge
c{x="a\"b\\c\nd?"} 1
# HELP d Not known.
# TYPE d gauge
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCounters(t *testing.T) {
	var c metrics.Counters
	if got := lines(exposed(t, c.Families()...), "multus"); got != nil {
		t.Errorf("before the first command: %q", got)
	}
	net := metrics.Delegated{Network: "default/macvlan", Command: "ADD", Seconds: 0.005}
	c.Add(metrics.Outcome{Command: "ADD", Seconds: 0.02, Networks: []metrics.Delegated{net}})
	net.Code, net.Seconds = 4711, 300
	c.Add(metrics.Outcome{Command: "ADD", Seconds: 301, Code: 11, Networks: []metrics.Delegated{net}})
	c.Add(metrics.Outcome{Command: "SUDO", Code: 100})
	text := exposed(t, c.Families()...)
	for prefix, want := range map[string][]string{
		"multus_commands_total":                                  {`multus_commands_total{command="ADD",code="0"} 1`, `multus_commands_total{command="ADD",code="11"} 1`, `multus_commands_total{command="other",code="100"} 1`},
		`multus_command_duration_seconds_bucket{command="ADD"`:   buckets(`multus_command_duration_seconds_bucket{command="ADD",le="%s"} %d`, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2),
		`multus_command_duration_seconds_sum{command="ADD"`:      {`multus_command_duration_seconds_sum{command="ADD"} 301.02`},
		`multus_command_duration_seconds_count{command="ADD"`:    {`multus_command_duration_seconds_count{command="ADD"} 2`},
		"multus_network_commands_total":                          {`multus_network_commands_total{command="ADD",network="default/macvlan",code="0"} 1`, `multus_network_commands_total{command="ADD",network="default/macvlan",code="other"} 1`},
		`multus_network_command_duration_seconds_bucket{command`: buckets(`multus_network_command_duration_seconds_bucket{command="ADD",network="default/macvlan",le="%s"} %d`, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2),
	} {
		if diff := cmp.Diff(want, lines(text, prefix)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", prefix, diff)
		}
	}
}

func buckets(format string, counts ...int) []string {
	var all []string
	for i, le := range []string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "120", "+Inf"} {
		all = append(all, fmt.Sprintf(format, le, counts[i]))
	}
	return all
}

// TestCardinality: however many networks and codes there are, the series are few.
func TestCardinality(t *testing.T) {
	var c metrics.Counters
	for i := range 3000 {
		c.Add(metrics.Outcome{Command: fmt.Sprint(i), Code: uint(i), Networks: []metrics.Delegated{{Network: fmt.Sprint("n", i), Command: "DEL", Code: uint(i)}}})
	}
	text := exposed(t, c.Families()...)
	if n := len(lines(text, "multus_commands_total")); n != 17 { // 0 to 11, 50, 51, 100, 999 and other
		t.Errorf("%d series of codes", n)
	}
	if n := len(lines(text, "multus_network_command_duration_seconds_count")); n != 101 {
		t.Errorf("%d series of networks", n)
	}
	if got := lines(text, `multus_network_command_duration_seconds_count{command="DEL",network="other"}`); len(got) != 1 || !strings.HasSuffix(got[0], " 2900") {
		t.Errorf("what the others share: %q", got)
	}
}

func TestSocket(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	var c metrics.Counters
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Receive(ctx, dir) }()
	o := metrics.Begin("ADD")
	o.Delegated(metrics.Delegated{Network: "a/b", Command: "ADD", Code: 7}, time.Now())
	const want = `multus_network_commands_total{command="ADD",network="a/b",code="7"} `
	for begin := time.Now(); len(lines(exposed(t, c.Families()...), want)) == 0; time.Sleep(time.Millisecond) {
		o.End(dir, 7) // nobody listens at first
		if time.Since(begin) > 10*time.Second {
			t.Fatal("nothing arrived")
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "metrics.sock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	o.End(dir, 0) // the socket of an installer that is gone
}

// TestNobodyWaits: an installer that has stopped to read holds nobody up.
func TestNobodyWaits(t *testing.T) {
	dir := t.TempDir()
	silent, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "metrics.sock"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	done := make(chan struct{})
	go func() {
		for range 5000 { // more than any queue holds
			metrics.Begin("DEL").End(dir, 0)
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("the plugin waits for its metrics")
	}
}

func TestNobodyAsks(t *testing.T) {
	var o *metrics.Outcome
	o.Delegated(metrics.Delegated{}, time.Now())
	c := metrics.Counters{}
	err := c.Receive(t.Context(), filepath.Join(t.TempDir(), strings.Repeat("x", 200)))
	if err == nil || !strings.Contains(err.Error(), "/metrics.sock: ") {
		t.Errorf("a path that no socket can have: %v", err)
	}
}

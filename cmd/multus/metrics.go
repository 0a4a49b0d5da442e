package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/multus-cni/multus/pkg/metrics"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/node"
)

// watched is what install answers /metrics from.
type watched struct {
	metrics.Counters
	node   node.Options
	health *node.Health
	plugin multus.Plugin

	mu                sync.Mutex
	collected, failed int
	lastCollection    time.Time
}

// collection counts one look for stale sandboxes.
func (w *watched) collection(finished int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.collected += finished
	if err != nil {
		w.failed++
		return
	}
	w.lastCollection = time.Now()
}

// receive counts what plugins leave, until the context ends; a socket that breaks
// is made anew.
func (w *watched) receive(ctx context.Context, log *logrus.Entry) {
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		if err := w.Receive(ctx, string(w.plugin.State)); err != nil {
			log.WithError(err).Warn("the outcomes of commands are not counted")
		}
	}, time.Minute)
}

func (w *watched) ServeHTTP(out http.ResponseWriter, _ *http.Request) {
	out.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	// Whoever asks may be gone by now: there is nobody to tell.
	_ = metrics.Write(out, w.families())
}

// families are the metrics of the files that install looks after, of what is attached on
// the node, of the search for stale sandboxes, and of the commands of the runtime.
func (w *watched) families() []metrics.Family {
	reason := w.health.Reason()
	why := metrics.Family{Name: "multus_not_ready", Help: "Why the node is not ready: 1 for the reason that holds.", Type: "gauge"}
	for _, r := range node.Reasons() {
		why.Samples = append(why.Samples, metrics.Sample{Labels: []string{"reason", r}, Value: truth(r == reason)})
	}
	info := metrics.Gauge("multus_build_info", "The version of the installer; always 1.", 1)
	info.Samples[0].Labels = []string{"version", ownVersion()}
	issued, expires := w.node.TokenTimes()
	s, err := w.plugin.State.Survey()
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]metrics.Family{info, why,
		metrics.Gauge("multus_ready", "Whether the node's files are as they should be: 1 or 0.", truth(reason == "")),
		moment("multus_token_issued_timestamp_seconds", "When the token for the API server was issued.", issued),
		moment("multus_token_expiry_timestamp_seconds", "Until when the token for the API server is valid.", expires),
		metrics.Gauge("multus_sandboxes", "Sandboxes that are recorded as attached.", float64(s.Sandboxes)),
		metrics.Gauge("multus_attachments", "Attachments to networks of all recorded sandboxes.", float64(s.Attachments)),
		metrics.Gauge("multus_stale_sandboxes", "Recorded sandboxes that are surely gone, or could not be detached.", float64(s.Stale)),
		metrics.Gauge("multus_unfinished_sandboxes", "Recorded sandboxes whose DEL or roll-back failed.", float64(s.Unfinished)),
		metrics.Gauge("multus_records_unreadable", "Whether some of the records cannot be read: 1 or 0.", truth(err != nil)),
		metrics.Counter("multus_collected_sandboxes_total", "Stale sandboxes that were detached.", float64(w.collected)),
		metrics.Counter("multus_collect_failures_total", "Looks for stale sandboxes that left some.", float64(w.failed)),
		moment("multus_last_collection_timestamp_seconds", "When a look for stale sandboxes last left none.", w.lastCollection),
	}, w.Families()...)
}

// moment is a time; one that is not known has no value.
func moment(name, help string, t time.Time) metrics.Family {
	if t.IsZero() {
		return metrics.Family{Name: name, Help: help, Type: "gauge"}
	}
	return metrics.Gauge(name, help, float64(t.Unix()))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

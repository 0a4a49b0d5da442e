package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

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
	for {
		if err := w.Receive(ctx, string(w.plugin.State)); err != nil {
			log.WithError(err).Warn("the outcomes of commands are not counted")
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Minute):
		}
	}
}

func (w *watched) ServeHTTP(out http.ResponseWriter, _ *http.Request) {
	out.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	// Whoever asks may be gone by now: there is nobody to tell.
	_ = metrics.Write(out, w.families())
}

func (w *watched) families() []metrics.Family {
	return append(append(append(w.ofNode(), w.ofRecords()...), w.ofCollection()...), w.Families()...)
}

// ofNode are the metrics of the files that install looks after.
func (w *watched) ofNode() []metrics.Family {
	reason := w.health.Reason()
	ready := metrics.Gauge("multus_ready", "Whether the node's files are as they should be: 1 or 0.", truth(reason == ""))
	why := metrics.Family{Name: "multus_not_ready", Help: "Why the node is not ready: 1 for the reason that holds.", Type: "gauge"}
	for _, r := range node.Reasons() {
		why.Samples = append(why.Samples, metrics.Sample{Labels: []string{"reason", r}, Value: truth(r == reason)})
	}
	info := metrics.Family{Name: "multus_build_info", Help: "The version of the installer; always 1.", Type: "gauge",
		Samples: []metrics.Sample{{Labels: []string{"version", ownVersion()}, Value: 1}}}
	issued, expires := w.node.TokenTimes()
	return []metrics.Family{info, ready, why,
		moment("multus_token_issued_timestamp_seconds", "When the token for the API server was issued.", issued),
		moment("multus_token_expiry_timestamp_seconds", "Until when the token for the API server is valid.", expires),
	}
}

// ofRecords are the metrics of what is attached on the node.
func (w *watched) ofRecords() []metrics.Family {
	s, err := w.plugin.State.Survey()
	return []metrics.Family{
		metrics.Gauge("multus_sandboxes", "Sandboxes that are recorded as attached.", float64(s.Sandboxes)),
		metrics.Gauge("multus_attachments", "Attachments to networks of all recorded sandboxes.", float64(s.Attachments)),
		metrics.Gauge("multus_stale_sandboxes", "Recorded sandboxes that are surely gone, or could not be detached.", float64(s.Stale)),
		metrics.Gauge("multus_unfinished_sandboxes", "Recorded sandboxes whose DEL or roll-back failed.", float64(s.Unfinished)),
		metrics.Gauge("multus_records_unreadable", "Whether some of the records cannot be read: 1 or 0.", truth(err != nil)),
	}
}

// ofCollection are the metrics of the search for stale sandboxes.
func (w *watched) ofCollection() []metrics.Family {
	w.mu.Lock()
	defer w.mu.Unlock()
	return []metrics.Family{
		metrics.Counter("multus_collected_sandboxes_total", "Stale sandboxes that were detached.", float64(w.collected)),
		metrics.Counter("multus_collect_failures_total", "Looks for stale sandboxes that left some.", float64(w.failed)),
		moment("multus_last_collection_timestamp_seconds", "When a look for stale sandboxes last left none.", w.lastCollection),
	}
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

// Package monitoring_test reads what a running installer serves with Prometheus' own
// parsers, and finds in it what the dashboard, the rules and the documentation name.
package monitoring_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

const monitoring = "../../deployments/monitoring/"

// TestServed: what two pods, one of which fails, leave in the metrics.
func TestServed(t *testing.T) {
	n := newNode(t)
	n.cni("STATUS", "c0", 0)
	n.cni("ADD", "c1", 0)
	n.write("bin/broken", "", 0o600)
	n.cni("ADD", "c2", 1)
	n.must(os.Remove(n.path("bin/broken")))
	n.cni("DEL", "c1", 0)
	n.cni("ADD", "c3", 0)
	families := n.metrics()
	for _, want := range []string{
		`multus_ready 1`, `multus_not_ready{reason="no-default-network"} 0`,
		`multus_token_issued_timestamp_seconds 1.7e+09`, `multus_token_expiry_timestamp_seconds 4.1024448e+09`,
		`multus_sandboxes 1`, `multus_attachments 2`, `multus_stale_sandboxes 0`, `multus_unfinished_sandboxes 0`, `multus_records_unreadable 0`,
		`multus_collected_sandboxes_total 0`, `multus_collect_failures_total 0`,
		`multus_commands_total{code="0",command="ADD"} 2`, `multus_commands_total{code="other",command="ADD"} 1`,
		`multus_commands_total{code="0",command="STATUS"} 1`, `multus_commands_total{code="0",command="DEL"} 1`,
		`multus_network_commands_total{code="0",command="ADD",network="default-network"} 3`,
		`multus_network_commands_total{code="0",command="ADD",network="second"} 2`,
		`multus_network_commands_total{code="other",command="ADD",network="second"} 1`,
		`multus_network_commands_total{code="0",command="DEL",network="default-network"} 2`,
		`multus_command_duration_seconds{command="ADD"} 3`,
		`multus_network_command_duration_seconds{command="ADD",network="second"} 3`,
	} {
		name, _, _ := strings.Cut(want, "{")
		name, _, _ = strings.Cut(name, " ")
		if got := samples(families[name]); !slices.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
}

// samples are the values of a family; a histogram's is how many there are.
func samples(f *dto.MetricFamily) []string {
	var all []string
	for _, m := range f.GetMetric() {
		metric := model.Metric{model.MetricNameLabel: model.LabelValue(f.GetName())}
		for _, l := range m.GetLabel() {
			metric[model.LabelName(l.GetName())] = model.LabelValue(l.GetValue())
		}
		value := m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		all = append(all, fmt.Sprintf("%s %v", strings.ReplaceAll(metric.String(), ", ", ","), value))
	}
	return all
}

// TestExposition: Prometheus reads it, and its linter has nothing to say.
func TestExposition(t *testing.T) {
	n := newNode(t)
	n.cni("ADD", "c1", 0)
	families := n.metrics()
	if problems, err := promlint.New(bytes.NewReader(n.scrape())).Lint(); err != nil || problems != nil {
		t.Errorf("%v, %v", problems, err)
	}
	documented(t, "multus_[a-z_]+", slices.Collect(maps.Keys(families)))
}

// documented: the tables of docs/metrics.md name these, and no others like them.
func documented(t *testing.T, pattern string, names []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, row := range regexp.MustCompile("(?m)^\\| `("+pattern+")").FindAllSubmatch(text, -1) {
		named = append(named, string(row[1]))
	}
	slices.Sort(named)
	slices.Sort(names)
	if !slices.Equal(named, names) {
		t.Errorf("docs/metrics.md: %q, and there are %q", named, names)
	}
}

// TestRules: Prometheus accepts them, they use nothing but what is served, and each
// is documented.
func TestRules(t *testing.T) {
	served := newNode(t).serving()
	groups, errs := rulefmt.ParseFile(monitoring+"rules.yaml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if errs != nil {
		t.Fatal(errs)
	}
	var alerts []string
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			alerts = append(alerts, rule.Alert)
			served.check(t, rule.Alert, rule.Expr)
		}
	}
	documented(t, "Multus[A-Za-z]+", alerts)
}

// TestDashboard: each panel has a query that Prometheus reads, of what is served.
func TestDashboard(t *testing.T) {
	served := newNode(t).serving()
	data, err := os.ReadFile(monitoring + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, panel := range board.Panels {
		if ids[panel.ID] || len(panel.Targets) == 0 || panel.GridPos.X+panel.GridPos.W > 24 {
			t.Errorf("panel %q: %+v", panel.Title, panel)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			served.check(t, panel.Title, strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*").Replace(target.Expr))
		}
	}
	if len(ids) == 0 {
		t.Error("no panels")
	}
}

// series are the metrics that are served, as queries name them, and their labels.
type series map[string][]string

func (n *node) serving() series {
	n.cni("ADD", "c1", 0)
	all := series{"up": {"job", "instance"}}
	for name, f := range n.metrics() {
		found := []string{"instance", "job"} // Prometheus' own
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				found = append(found, l.GetName())
			}
		}
		all[name] = found
		if f.GetType() == dto.MetricType_HISTOGRAM {
			all[name+"_bucket"], all[name+"_sum"], all[name+"_count"] = append(found, "le"), found, found
		}
	}
	return all
}

// check parses a query and looks each metric up that it selects, and each label.
func (s series) check(t *testing.T, what, query string) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %s: %v", what, query, err)
		return
	}
	var known, used []string
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch e := node.(type) {
		case *parser.VectorSelector:
			have, served := s[e.Name]
			if !served {
				t.Errorf("%s: %s is not served", what, e.Name)
			}
			known = append(known, have...)
			for _, m := range e.LabelMatchers {
				if m.Name != labels.MetricName && !slices.Contains(have, m.Name) {
					t.Errorf("%s: %s has no label %s", what, e.Name, m.Name)
				}
			}
		case *parser.AggregateExpr:
			used = append(used, e.Grouping...)
		}
		return nil
	})
	for _, label := range used {
		if !slices.Contains(known, label) {
			t.Errorf("%s: nothing has a label %s: %s", what, label, query)
		}
	}
}

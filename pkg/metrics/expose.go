package metrics

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Family is one metric with all its series, as Prometheus reads them.
type Family struct {
	Name, Help, Type string
	Samples          []Sample
}

// Sample is a value. Labels are names and values in turn; Suffix follows the name.
type Sample struct {
	Suffix string
	Labels []string
	Value  float64
}

// Gauge is a family with one value.
func Gauge(name, help string, value float64) Family {
	return Family{name, help, "gauge", []Sample{{Value: value}}}
}

// Counter is a family with one value that only grows.
func Counter(name, help string, value float64) Family {
	return Family{name, help, "counter", []Sample{{Value: value}}}
}

// Write writes the families in Prometheus' text format, version 0.0.4.
func Write(w io.Writer, families []Family) error {
	out := bufio.NewWriter(w)
	for _, f := range families {
		fmt.Fprintf(out, "# HELP %[1]s %[2]s\n# TYPE %[1]s %[3]s\n", f.Name, f.Help, f.Type)
		for _, s := range f.Samples {
			fmt.Fprintf(out, "%s%s%s %s\n", f.Name, s.Suffix, labels(s.Labels), number(s.Value))
		}
	}
	return out.Flush()
}

func labels(pairs []string) string {
	var written []string
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" { // to Prometheus a label without a value is none
			written = append(written, pair[0]+`="`+escape.Replace(strings.ToValidUTF8(pair[1], "?"))+`"`)
		}
	}
	if written == nil {
		return ""
	}
	return "{" + strings.Join(written, ",") + "}"
}

func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

func (s series) labels() []string {
	return []string{"command", s.command, "network", s.network, "code", s.code}
}

// sorted has the series of a map in order.
func sorted[V any](all map[series]V) []series {
	return slices.SortedFunc(maps.Keys(all), func(a, b series) int { return slices.Compare(a.labels(), b.labels()) })
}

func counter(name, help string, counts map[series]uint64) Family {
	f := Family{Name: name, Help: help, Type: "counter"}
	for _, s := range sorted(counts) {
		f.Samples = append(f.Samples, Sample{Labels: s.labels(), Value: float64(counts[s])})
	}
	return f
}

func spread(name, help string, all map[series]*histogram) Family {
	f := Family{Name: name, Help: help, Type: "histogram"}
	for _, s := range sorted(all) {
		h, seen := all[s], uint64(0)
		for i, n := range h.counts {
			seen += n
			le := "+Inf"
			if i < len(bounds()) {
				le = number(bounds()[i])
			}
			f.Samples = append(f.Samples, Sample{"_bucket", append(s.labels(), "le", le), float64(seen)})
		}
		f.Samples = append(f.Samples, Sample{"_sum", s.labels(), h.sum}, Sample{"_count", s.labels(), float64(seen)})
	}
	return f
}

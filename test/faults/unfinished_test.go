package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// noted are the sandboxes that the node has notes of.
func (n *host) noted() []string {
	n.T.Helper()
	var ids []string
	for _, file := range n.files() {
		if note, is := strings.CutPrefix(file, "unfinished/uid-1/"); is {
			ids = append(ids, strings.TrimSuffix(note, "@eth0.json"))
		}
	}
	return ids
}

// TestPodThatStartsAgainAndAgain while a plugin is down, as runtimes have it do: an ADD
// and a DEL for each sandbox, and never again. All of them are freed by the next command
// of the pod as soon as the plugin works.
func TestPodThatStartsAgainAndAgain(t *testing.T) {
	for _, verb := range []string{"ADD", "DEL"} {
		t.Run(verb, func(t *testing.T) {
			n := newNode(t)
			const sandboxes = 3
			n.script("b", doc{
				"fail": doc{"ADD": doc{"code": 107, "msg": "agent is down"}, "DEL": doc{"code": 107, "msg": "agent not found"}},
				// Each ADD and each DEL begins with what the sandboxes before left.
				"failTimes": doc{"ADD": sandboxes, "DEL": sandboxes * (sandboxes + 1)},
			})
			var ids []string
			for i := range sandboxes {
				id := fmt.Sprintf("c%d", i)
				ids = append(ids, id)
				n.refused("ADD", id, 107, "network b (net0): rec-b: agent is down")
				n.refused("DEL", id, 107, "network b (net0): rec-b: agent missing")
				if got := n.noted(); !slices.Equal(got, ids) {
					t.Errorf("noted: %q, want %q", got, ids)
				}
			}
			n.executions()
			n.ok(verb, "new")
			want := []string{"DEL net0 rec-b", "DEL net0 rec-b", "DEL net0 rec-b"}
			if got := n.calls(); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
				t.Errorf("calls %q, want %q first", got, want)
			}
			if got := n.noted(); len(got) > 0 {
				t.Errorf("still noted: %q", got)
			}
			n.ok("DEL", "new")
			n.clean()
		})
	}
}

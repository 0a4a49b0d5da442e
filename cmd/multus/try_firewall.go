package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// ruleset is the firewall of this machine in lines, as far as the tools for it
// are here. Two listings are as alike as the rules are, but for counters.
func ruleset(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var lines []string
	for _, args := range [][]string{
		{"nft", "--stateless", "list", "ruleset"}, {"iptables-save"}, {"ip6tables-save"},
	} {
		var out bytes.Buffer
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Stdout = &out
		if cmd.Run() != nil {
			continue // not installed, or the kernel has no such firewall
		}
		for line := range strings.Lines(out.String()) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// ruleLeft tells whether a rule is there because of the pods: it names one of the
// containers, or it is new and names one of their addresses.
func ruleLeft(rule string, before map[string]bool, containers, addresses []string) bool {
	if strings.HasPrefix(rule, "#") {
		return false
	}
	if slices.ContainsFunc(containers, func(id string) bool { return strings.Contains(rule, id) }) {
		return true
	}
	if before == nil || before[rule] {
		return false
	}
	for _, word := range strings.FieldsFunc(rule, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEF.:", r)
	}) {
		if ip := net.ParseIP(word); ip != nil && slices.Contains(addresses, ip.String()) {
			return true
		}
	}
	return false
}

// pluginChains are the tables and chains that plugins share, by name.
func pluginChains(rules []string) []string {
	var found []string
	for _, line := range rules {
		name, table := strings.CutPrefix(strings.TrimSuffix(line, " {"), "table ")
		if !table {
			var chain bool
			if name, chain = strings.CutPrefix(line, ":"); !chain {
				continue
			}
			name, _, _ = strings.Cut(name, " ")
		}
		if strings.Contains(strings.ToLower(name), "cni") {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// masquerade is the nftables table of the reference plugins, and its chain with a
// rule for each container.
const (
	masqueradeTable = "inet cni_plugins_masquerade"
	masqueradeChain = "masq_checks"
)

// tidyChains removes the reference plugins' own table if no container is left in
// it, and says what became of the tables and chains that are new.
func (s session) tidyChains(ctx context.Context, rules []string) (done []string, err error) {
	for _, name := range pluginChains(rules) {
		switch {
		case slices.Contains(s.Before.Chains, name):
		case name == masqueradeTable && masqueradeIsEmpty(ctx):
			if err := nft(ctx, nil, "delete table "+name); err != nil {
				return done, fmt.Errorf("firewall table %s: %w", name, err)
			}
			done = append(done, "firewall table "+name+" removed: it has no rules left, and the plugin that made it never does")
		default:
			done = append(done, "firewall chain "+name+" stays: the plugins share it and none removes it")
		}
	}
	return done, nil
}

func masqueradeIsEmpty(ctx context.Context) bool {
	var out bytes.Buffer
	if err := nft(ctx, &out, "--json list chain "+masqueradeTable+" "+masqueradeChain); err != nil {
		return false
	}
	var listing struct {
		Objects []map[string]json.RawMessage `json:"nftables"`
	}
	err := json.Unmarshal(out.Bytes(), &listing)
	return err == nil && len(listing.Objects) > 0 && !slices.ContainsFunc(listing.Objects,
		func(o map[string]json.RawMessage) bool { return o["rule"] != nil })
}

func nft(ctx context.Context, out io.Writer, args string) error {
	cmd := exec.CommandContext(ctx, "nft", strings.Fields(args)...)
	cmd.Stdout = out
	return cmd.Run()
}

func setOf(lines []string) map[string]bool {
	set := make(map[string]bool, len(lines))
	for _, line := range lines {
		set[line] = true
	}
	return set
}

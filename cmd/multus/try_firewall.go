package main

import (
	"bytes"
	"context"
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

// chainsLeft are the tables and chains of plugins that are new. Plugins share
// them, so none of them can tell whether it was the last.
func chainsLeft(before map[string]bool, now []string) []string {
	var found []string
	for _, line := range now {
		chain := strings.HasPrefix(line, ":") || strings.HasPrefix(line, "table ")
		if chain && !before[line] && strings.Contains(strings.ToLower(line), "cni") {
			name := strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(line, ":")), " {")
			if at := strings.Index(name, " - ["); at > 0 {
				name = "chain " + name[:at]
			}
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func setOf(lines []string) map[string]bool {
	set := make(map[string]bool, len(lines))
	for _, line := range lines {
		set[line] = true
	}
	return set
}

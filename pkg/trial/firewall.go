package trial

import (
	"context"
	"encoding/json"
	"net"
	"os/exec"
	"regexp"
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
		// One that fails is not installed, or the kernel has no such firewall.
		out, _ := exec.CommandContext(ctx, args[0], args[1:]...).Output()
		for line := range strings.Lines(string(out)) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// checkFirewall notes the rules that are there because of the pods.
func (s *Session) checkFirewall(ctx context.Context) {
	now := ruleset(ctx)
	for _, rule := range now {
		if s.made(rule) {
			s.remains("firewall rule %s", rule)
		}
	}
	for _, name := range pluginChains(now) {
		switch {
		case slices.Contains(s.Before.Chains, name):
		case name == "inet cni_plugins_masquerade" && removeMasquerade(ctx):
			s.say("firewall table %s removed: it has no rules left, and the plugin that made it never does", name)
		default:
			s.say("firewall chain %s stays: the plugins share it and none removes it", name)
		}
	}
}

// made tells whether a rule is there because of the pods: it names one of the
// containers, or it is new and names one of their addresses.
func (s *Session) made(rule string) bool {
	if strings.HasPrefix(rule, "#") {
		return false
	}
	addressed := slices.ContainsFunc(strings.FieldsFunc(rule, notOfAddress), func(word string) bool {
		ip := net.ParseIP(word)
		return ip != nil && slices.ContainsFunc(s.Pods, func(p *Pod) bool { return p.has(ip) })
	})
	return s.names(rule) || addressed && !slices.Contains(s.Before.rules, rule)
}

func notOfAddress(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF.:", r) }

func (p *Pod) has(ip net.IP) bool {
	return slices.ContainsFunc(p.interfaces, func(i podInterface) bool {
		return slices.ContainsFunc(i.addresses, func(a *net.IPNet) bool { return a.IP.Equal(ip) })
	})
}

// pluginChains are the tables and chains that plugins share, by name.
func pluginChains(rules []string) []string {
	chain := regexp.MustCompile(`(?i)^:(\S*cni\S*)|^table (.*cni.*) {$`) // of iptables, of nft
	var found []string
	for _, line := range rules {
		if m := chain.FindStringSubmatch(line); m != nil {
			found = append(found, m[1]+m[2])
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// removeMasquerade removes the table of the reference plugins if no container is
// left in it.
func removeMasquerade(ctx context.Context) bool {
	out, err := exec.CommandContext(ctx, "nft", "--json", "list", "chain", "inet", "cni_plugins_masquerade", "masq_checks").Output()
	var listing struct {
		Elements []struct{ Rule json.RawMessage } `json:"nftables"`
	}
	if err != nil || json.Unmarshal(out, &listing) != nil || len(listing.Elements) == 0 {
		return false
	}
	for _, e := range listing.Elements {
		if e.Rule != nil {
			return false
		}
	}
	return exec.CommandContext(ctx, "nft", "delete", "table", "inet", "cni_plugins_masquerade").Run() == nil
}

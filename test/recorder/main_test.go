package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("CNI_COMMAND") != "" || os.Getenv(holdOpen) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// plugin runs the recorder and returns its output and exit status.
func plugin(t *testing.T, command, stdin string) (string, int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CNI_COMMAND="+command, "CNI_IFNAME=net0", "CNI_NETNS=/n", "GORACE=atexit_sleep_ms=0")
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name, command, stdin, want string
		status                     int
	}{
		{"no script", "ADD", `{"cniVersion":"1.0.0"}`, `{"cniVersion":"1.0.0"}`, 0},
		{"no script, no result due", "DEL", `{"cniVersion":"1.0.0"}`, ``, 0},
		{"default result", "ADD", `{"cniVersion":"1.0.0","recorder":{}}`,
			`{"cniVersion":"1.0.0","interfaces":[{"name":"net0","mac":"02:00:00:00:00:01","sandbox":"/n"}],"ips":[{"interface":0,"address":"192.0.2.2/24"}]}`, 0},
		{"of 0.4.0", "ADD", `{"cniVersion":"0.4.0","recorder":{}}`,
			`{"cniVersion":"0.4.0","interfaces":[{"name":"net0","mac":"02:00:00:00:00:01","sandbox":"/n"}],"ips":[{"version":"4","interface":0,"address":"192.0.2.2/24"}]}`, 0},
		{"of 0.2.0", "ADD", `{"cniVersion":"0.2.0","recorder":{}}`, `{"cniVersion":"0.2.0","ip4":{"ip":"192.0.2.2/24"}}`, 0},
		{"scripted result", "ADD", `{"recorder":{"result":{"a":1}}}`, `{"a":1}`, 0},
		{"failure", "CHECK", `{"cniVersion":"1.0.0","recorder":{"fail":{"*":{"code":7,"msg":"m"}}}}`, `{"cniVersion":"1.0.0","code":7,"msg":"m"}`, 1},
		{"failure of another command", "GC", `{"recorder":{"fail":{"DEL":{"code":7,"msg":"m"}}}}`, ``, 0},
		{"status of a failure", "STATUS", `{"cniVersion":"1.1.0","recorder":{"fail":{"*":{"code":50}},"exit":{"*":0}}}`, `{"cniVersion":"1.1.0","code":50,"msg":""}`, 0},
		{"verbatim", "ADD", `{"recorder":{"stdout":{"ADD":"{{{"},"exit":{"ADD":4}}}`, `{{{`, 4},
		{"killed", "ADD", `{"recorder":{"selfKill":{"ADD":9}}}`, ``, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, status := plugin(t, tt.command, tt.stdin); got != tt.want || status != tt.status {
				t.Errorf("got %s, exit status %d\nwant %s, exit status %d", got, status, tt.want, tt.status)
			}
		})
	}
}

func TestCallsAreRecordedAndFailuresCounted(t *testing.T) {
	dir := t.TempDir()
	stdin := `{"type":"x","recorder":{"log":"` + dir + `","touch":{"DEL":"` + dir + `/touched"},"fail":{"DEL":{"code":11,"msg":"m"}},"failTimes":{"DEL":2}}}`
	for i, want := range []int{1, 1, 0} {
		if _, status := plugin(t, "DEL", stdin); status != want {
			t.Errorf("call %d has exit status %d, want %d", i, status, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "touched")); err != nil {
		t.Error(err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "calls.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	if len(lines) != 3 {
		t.Fatalf("three calls left %d lines", len(lines))
	}
	var c call
	if err := json.Unmarshal([]byte(lines[2]), &c); err != nil {
		t.Fatal(err)
	}
	if c.Command != "DEL" || c.Type != "x" || c.Stdin != stdin || c.Env["CNI_IFNAME"] != "net0" || c.End.Before(c.Start) {
		t.Errorf("recorded %+v", c)
	}
}

// Recorder is a CNI plugin for tests and benchmarks. It does what the member
// "recorder" of its configuration says, under any name it is copied or linked
// to; without that member it does nothing and answers at once, which makes it
// the yardstick for the cost of a delegate. See [script] for what can be asked of it.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// script is the configuration's "recorder" member. The maps are keyed by
// CNI_COMMAND; "*" stands for each command that has no entry of its own.
type script struct {
	// Log is a folder: every call is appended to calls.jsonl in it.
	Log string `json:"log"`
	// Result is what ADD prints in place of the default result.
	Result json.RawMessage `json:"result"`
	// Fail prints an error object and exits 1, or with the status of Exit.
	Fail map[string]failure `json:"fail"`
	// FailTimes restricts Fail to the first calls; needs Log.
	FailTimes map[string]int `json:"failTimes"`
	// Stdout is printed verbatim in place of a result or an error object.
	Stdout map[string]string `json:"stdout"`
	// StdoutBytes and StderrBytes are the sizes of floods of x, before anything else is printed.
	StdoutBytes map[string]int `json:"stdoutBytes"`
	StderrBytes map[string]int `json:"stderrBytes"`
	// Stderr is printed verbatim.
	Stderr map[string]string `json:"stderr"`
	// Exit is the exit status.
	Exit map[string]int `json:"exit"`
	// Sleep is a Go duration to wait before answering.
	Sleep map[string]string `json:"sleep"`
	// ForkChild leaves a child behind that holds stdout and stderr open for that Go duration.
	ForkChild map[string]string `json:"forkChild"`
	// SelfKill is the number of a signal that the plugin sends itself before answering.
	SelfKill map[string]int `json:"selfKill"`
	// Touch is a file to create.
	Touch map[string]string `json:"touch"`
}

type failure struct {
	Code    uint   `json:"code"`
	Msg     string `json:"msg"`
	Details string `json:"details,omitempty"`
}

// config is what the recorder reads of its configuration.
type config struct {
	CNIVersion string  `json:"cniVersion"`
	Type       string  `json:"type"`
	Recorder   *script `json:"recorder"`
}

// call is one line of calls.jsonl.
type call struct {
	Command string            `json:"command"`
	Type    string            `json:"type"`
	Binary  string            `json:"binary"`
	Env     map[string]string `json:"env"`
	Stdin   string            `json:"stdin"`
	Start   time.Time         `json:"start"`
	End     time.Time         `json:"end"`
}

// holdOpen marks the child that ForkChild leaves behind.
const holdOpen = "RECORDER_HOLD_OPEN"

func main() {
	if d := os.Getenv(holdOpen); d != "" {
		pause(d)
		return
	}
	start := time.Now()
	command := os.Getenv("CNI_COMMAND")
	if command == "VERSION" {
		say(`{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}`)
		return
	}
	stdin, _ := io.ReadAll(os.Stdin)
	var conf config
	if err := json.Unmarshal(stdin, &conf); err != nil {
		os.Exit(fail(conf.CNIVersion, failure{Code: 6, Msg: "recorder: " + err.Error()}))
	}
	if conf.Recorder == nil {
		if command == "ADD" {
			say(`{"cniVersion":"` + conf.CNIVersion + `"}`)
		}
		return
	}
	c := call{Command: command, Type: conf.Type, Binary: os.Args[0], Stdin: string(stdin), Start: start}
	os.Exit(run(conf, c))
}

// run carries out the script and returns the exit status.
func run(conf config, c call) int {
	s := *conf.Recorder
	disturb(s, c.Command)
	status := answer(conf, c.Command)
	if s.Log != "" {
		c.End, c.Env = time.Now(), environment()
		if err := record(s.Log, c); err != nil {
			return fail(conf.CNIVersion, failure{Code: 5, Msg: "recorder: " + err.Error()})
		}
	}
	return status
}

// disturb does all that is not an answer.
func disturb(s script, command string) {
	if file, ok := pick(s.Touch, command); ok {
		_ = os.WriteFile(file, nil, 0o644)
	}
	if text, ok := pick(s.Stderr, command); ok {
		_, _ = os.Stderr.WriteString(text)
	}
	if n, ok := pick(s.StderrBytes, command); ok {
		flood(os.Stderr, n)
	}
	if d, ok := pick(s.ForkChild, command); ok {
		leaveChild(d)
	}
	if d, ok := pick(s.Sleep, command); ok {
		pause(d)
	}
	if signal, ok := pick(s.SelfKill, command); ok {
		_ = syscall.Kill(os.Getpid(), syscall.Signal(signal))
		time.Sleep(time.Second) // the signal may take a moment
	}
	if n, ok := pick(s.StdoutBytes, command); ok {
		flood(os.Stdout, n)
	}
}

// answer prints what the command asks for and returns the exit status.
func answer(conf config, command string) int {
	s := *conf.Recorder
	status, scripted := pick(s.Exit, command)
	if text, ok := pick(s.Stdout, command); ok {
		say(text)
		return status
	}
	if f, ok := pick(s.Fail, command); ok && failsNow(s, command) {
		if code := fail(conf.CNIVersion, f); !scripted {
			return code
		}
		return status
	}
	if command == "ADD" {
		say(result(conf))
	}
	return status
}

func pick[T any](m map[string]T, command string) (T, bool) {
	v, ok := m[command]
	if !ok {
		v, ok = m["*"]
	}
	return v, ok
}

// failsNow counts the calls of a command in a file of the log folder.
func failsNow(s script, command string) bool {
	times, ok := pick(s.FailTimes, command)
	if !ok {
		return true
	}
	file := filepath.Join(s.Log, "failed."+command)
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o644)
	if err != nil {
		return true
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() >= int64(times) {
		return false
	}
	_, err = f.WriteString("x")
	return err == nil
}

func fail(version string, f failure) int {
	out, _ := json.Marshal(struct {
		CNIVersion string `json:"cniVersion"`
		failure
	}{version, f})
	say(string(out))
	return 1
}

// result is the scripted result, else one with the interface that was asked for,
// in the layout of the configuration's version.
func result(conf config) string {
	if len(conf.Recorder.Result) > 0 {
		return string(conf.Recorder.Result)
	}
	name, _ := json.Marshal(os.Getenv("CNI_IFNAME"))
	sandbox, _ := json.Marshal(os.Getenv("CNI_NETNS"))
	iface := `"interfaces":[{"name":` + string(name) + `,"mac":"02:00:00:00:00:01","sandbox":` + string(sandbox) + `}]`
	head := `{"cniVersion":"` + conf.CNIVersion + `",`
	switch {
	case conf.CNIVersion == "0.1.0" || conf.CNIVersion == "0.2.0":
		return head + `"ip4":{"ip":"192.0.2.2/24"}}`
	case strings.HasPrefix(conf.CNIVersion, "0."):
		return head + iface + `,"ips":[{"version":"4","interface":0,"address":"192.0.2.2/24"}]}`
	default:
		return head + iface + `,"ips":[{"interface":0,"address":"192.0.2.2/24"}]}`
	}
}

// environment is every variable that begins with CNI_.
func environment() map[string]string {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		if key, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(key, "CNI_") {
			env[key] = value
		}
	}
	return env
}

// record appends with one write, so that lines of concurrent calls do not mix.
func record(folder string, c call) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(folder, "calls.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(line.Bytes())
	return err
}

func leaveChild(duration string) {
	exe, err := os.Executable()
	if err != nil {
		return
	}
	_, _ = os.StartProcess(exe, os.Args[:1], &os.ProcAttr{
		Env:   append(os.Environ(), holdOpen+"="+duration),
		Files: []*os.File{nil, os.Stdout, os.Stderr},
	})
}

func flood(f *os.File, n int) {
	chunk := bytes.Repeat([]byte{'x'}, 64<<10)
	for n > 0 {
		written, err := f.Write(chunk[:min(n, len(chunk))])
		if err != nil {
			return
		}
		n -= written
	}
}

func pause(duration string) {
	d, err := time.ParseDuration(duration)
	if err == nil {
		time.Sleep(d)
	}
}

func say(text string) { _, _ = os.Stdout.WriteString(text) }

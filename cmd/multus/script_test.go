package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"sigs.k8s.io/yaml"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// TestMain makes the program itself a command of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"multus": main})
}

// TestScripts runs the program as a container runtime does, with a fake delegate
// and an HTTPS API server. The commands beside testscript's own:
//
//	cni VERB CONF          runs the plugin; $VARIABLES in CONF are expanded
//	calls                  prints one line for each call of a delegate so far, or none, and forgets them
//	input N                prints what the N-th of them read on standard input
//	objects FILE…          puts objects on the API server
//	fault SPEC             makes the API server fail, see cnitest.ParseFault
//	heal                   ends all faults
//	requests               prints the requests to the API server so far
//	self FILE              links FILE to the program itself
//	status NAMESPACE NAME  prints the pod's network-status annotation
func TestScripts(t *testing.T) {
	recorder := filepath.Join(t.TempDir(), "recorder")
	goBuild(t, recorder, "github.com/multus-cni/multus/test/recorder")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Condition: func(cond string) (bool, error) {
			if cond != "root" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return os.Geteuid() == 0, nil
		},
		Setup: func(env *testscript.Env) error { return prepare(env, recorder) },
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"cni": cni, "calls": calls, "input": input,
			"objects": objects, "fault": failAPI, "heal": heal, "requests": requests, "status": status, "self": self,
		},
	})
}

// goBuild builds programs as they are released.
func goBuild(t *testing.T, out string, packages ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"build", "-buildvcs=false", "-o", out}, packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", packages, err, said)
	}
}

type serverKey struct{}

// prepare gives each script a node of its own.
func prepare(env *testscript.Env, recorder string) error {
	work := env.WorkDir
	for _, dir := range []string{"bin", "log", "net.d"} {
		if err := os.MkdirAll(filepath.Join(work, dir), 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{"rec-a", "rec-b", "rec-c", "rec-d"} {
		if err := os.Symlink(recorder, filepath.Join(work, "bin", name)); err != nil {
			return err
		}
	}
	server, err := cnitest.StartAPIServer("127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Defer(server.Close)
	env.Values[serverKey{}] = server
	kubeconfig := filepath.Join(work, "kubeconfig")
	if err := server.WriteKubeconfig(kubeconfig, map[string]string{}); err != nil {
		return err
	}
	env.Setenv("KUBECONFIG", kubeconfig)
	env.Setenv("CNI_PATH", filepath.Join(work, "bin"))
	env.Setenv("CNI_CONTAINERID", "c1")
	env.Setenv("CNI_NETNS", "/run/netns/no-such-namespace")
	env.Setenv("CNI_IFNAME", "eth0")
	env.Setenv("CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns1;K8S_POD_NAME=p1;K8S_POD_UID=uid-1")
	env.Setenv("R", fmt.Sprintf(`"recorder":{"log":%q}`, filepath.Join(work, "log")))
	return nil
}

func server(ts *testscript.TestScript) *cnitest.APIServer {
	s, ok := ts.Value(serverKey{}).(*cnitest.APIServer)
	if !ok {
		ts.Fatalf("no API server")
	}
	return s
}

// cni runs the plugin as a container runtime does.
func cni(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cni VERB CONF")
	}
	ts.Setenv("CNI_COMMAND", args[0])
	defer ts.Setenv("CNI_COMMAND", "")
	conf := os.Expand(ts.ReadFile(args[1]), ts.Getenv)
	cmd := exec.Command(onPath(ts.Getenv("PATH"), "multus"))
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), strings.NewReader(conf), ts.Stdout(), ts.Stderr()
	for _, name := range []string{"PATH", "CNI_COMMAND", "CNI_PATH", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		ts.Fatalf("multus: %v", err)
	case neg && err == nil:
		ts.Fatalf("multus succeeded")
	case !neg && err != nil:
		ts.Fatalf("multus: %v", err)
	}
}

func onPath(path, name string) string {
	for _, dir := range filepath.SplitList(path) {
		if file := filepath.Join(dir, name); isFile(file) {
			return file
		}
	}
	return name
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// recorded is one line of the recorder's log.
type recorded struct {
	Command string            `json:"command"`
	Type    string            `json:"type"`
	Env     map[string]string `json:"env"`
	Stdin   string            `json:"stdin"`
}

func readCalls(ts *testscript.TestScript, file string) []recorded {
	data, err := os.ReadFile(ts.MkAbs(file))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		ts.Fatalf("%v", err)
	}
	var list []recorded
	for line := range bytes.Lines(data) {
		var r recorded
		if err := json.Unmarshal(line, &r); err != nil {
			ts.Fatalf("%v: %s", err, line)
		}
		list = append(list, r)
	}
	return list
}

func calls(ts *testscript.TestScript, _ bool, _ []string) {
	const log, last = "log/calls.jsonl", "log/last.jsonl"
	list := readCalls(ts, log)
	if len(list) == 0 {
		fmt.Fprintln(ts.Stdout(), "none")
	}
	for _, r := range list {
		var conf struct{ Name string }
		if err := json.Unmarshal([]byte(r.Stdin), &conf); err != nil {
			ts.Fatalf("%v: %s", err, r.Stdin)
		}
		fmt.Fprintln(ts.Stdout(), r.Command, r.Env["CNI_IFNAME"], r.Type, conf.Name)
	}
	if err := os.Rename(ts.MkAbs(log), ts.MkAbs(last)); err != nil && !errors.Is(err, os.ErrNotExist) {
		ts.Fatalf("%v", err)
	}
}

func input(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	if _, err := fmt.Sscan(args[0], &n); err != nil {
		ts.Fatalf("%v", err)
	}
	list := readCalls(ts, "log/last.jsonl")
	if n < 1 || n > len(list) {
		ts.Fatalf("there were %d calls", len(list))
	}
	fmt.Fprintln(ts.Stdout(), list[n-1].Stdin)
}

func objects(ts *testscript.TestScript, _ bool, args []string) {
	for _, file := range args {
		for doc := range strings.SplitSeq(os.Expand(ts.ReadFile(file), ts.Getenv), "\n---\n") {
			object, err := yaml.YAMLToJSON([]byte(doc))
			if err != nil {
				ts.Fatalf("%s: %v", file, err)
			}
			if err := server(ts).Put(object); err != nil {
				ts.Fatalf("%s: %v", file, err)
			}
		}
	}
}

func failAPI(ts *testscript.TestScript, _ bool, args []string) {
	f, err := cnitest.ParseFault(strings.Join(args, " "))
	if err != nil {
		ts.Fatalf("%v", err)
	}
	server(ts).Fail(f)
}

func heal(ts *testscript.TestScript, _ bool, _ []string) { server(ts).Heal() }

func requests(ts *testscript.TestScript, _ bool, _ []string) {
	for _, r := range server(ts).Requests() {
		fmt.Fprintln(ts.Stdout(), r.Method, r.Path)
	}
}

func status(ts *testscript.TestScript, _ bool, args []string) {
	fmt.Fprintln(ts.Stdout(), server(ts).Annotations(args[0], args[1])["k8s.v1.cni.cncf.io/network-status"])
}

func self(ts *testscript.TestScript, _ bool, args []string) {
	if err := os.Symlink(onPath(ts.Getenv("PATH"), "multus"), ts.MkAbs(args[0])); err != nil {
		ts.Fatalf("%v", err)
	}
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// server is an API server in a process of its own, so that what it consumes is
// not taken for multus's: this program, with the argument serving.
type server struct {
	kubeconfig string
	log        string // a byte for each request
	stdin      io.Closer
	process    *exec.Cmd
}

const serving = "serve"

// serve starts an API server and waits until it serves.
func (w *world) serve(latency time.Duration) (*server, error) {
	s := &server{kubeconfig: w.path("kubeconfig-" + latency.String()), log: w.path("requests-" + latency.String())}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s.process = exec.Command(self, serving, s.kubeconfig, s.log, latency.String())
	s.process.Stderr = os.Stderr
	if s.stdin, err = s.process.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	if _, err := stdout.Read(make([]byte, 4096)); err != nil {
		return nil, errors.Join(fmt.Errorf("API server: %w", err), s.close())
	}
	return s, nil
}

func (s *server) close() error { return errors.Join(s.stdin.Close(), s.process.Wait()) }

// requests is how many requests all API servers have answered. A request is
// logged before the last of its answer is sent: who has the answer is in it.
func (w *world) requests() (int64, error) {
	var n int64
	for _, s := range w.servers {
		log, err := os.Stat(s.log)
		if err != nil {
			return 0, err
		}
		n += log.Size()
	}
	return n, nil
}

// serve is the process of a server, which serves until its input ends.
func serve(kubeconfig, log, latency string) error {
	takes, err := time.ParseDuration(latency)
	if err != nil {
		return err
	}
	answered, err := os.Create(log)
	if err != nil {
		return err
	}
	s, err := cnitest.StartAPIServer("")
	if err != nil {
		return err
	}
	defer s.Close()
	for _, object := range objects() {
		data, err := json.Marshal(object)
		if err = errors.Join(err, s.Put(data)); err != nil {
			return err
		}
	}
	s.SetToken(cnitest.Token)
	s.SetLatency(takes)
	s.OnAnswer(func(cnitest.Request) { _, _ = answered.WriteString(".") }) // too few of them are noticed
	if err := s.WriteKubeconfig(kubeconfig, map[string]string{"token": cnitest.Token}); err != nil {
		return err
	}
	fmt.Println(kubeconfig)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// objects are the networks, and for each number of them a pod that selects as many.
func objects() []map[string]any {
	var all []map[string]any
	for i := range maxNADs {
		all = append(all, map[string]any{
			"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
			"metadata": map[string]any{"name": "net" + strconv.Itoa(i), "namespace": namespace},
			"spec":     map[string]any{"config": definition},
		})
	}
	for n := range maxNADs + 1 {
		all = append(all, map[string]any{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": map[string]any{"name": podName(n), "namespace": namespace, "uid": podUID(n), "annotations": annotations(n)},
		})
	}
	return all
}

// The apiserver command serves pods, NetworkAttachmentDefinitions and Network
// objects from YAML or JSON files the way a Kubernetes API server does, for
// benchmarks and for tests that are scripts:
//
//	apiserver --kubeconfig /tmp/kubeconfig --latency 5ms --fault '429 GET */pods/* times=1' objects/
//
// It prints the kubeconfig's path when it is ready, and serves until it is
// interrupted or its standard input ends (with --stdin). On SIGHUP it reads the
// objects anew; a token file is read anew for every request.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// options are the command's flags and arguments.
type options struct {
	listen     string
	kubeconfig string
	token      string
	tokenFile  string
	latency    time.Duration
	faults     []string
	output     string
	log        string
	stdin      bool
	objects    []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, pflag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "apiserver:", err)
		os.Exit(1)
	}
}

// parse reads the command line.
func parse(args []string) (options, error) {
	var o options
	flags := pflag.NewFlagSet("apiserver", pflag.ContinueOnError)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "address to listen on; the certificate is for 127.0.0.1 and ::1")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file to write (required)")
	flags.StringVar(&o.token, "token", cnitest.Token, "bearer token to ask for; empty for none")
	flags.StringVar(&o.tokenFile, "token-file", "", "file with the bearer token to ask for, instead of --token")
	flags.DurationVar(&o.latency, "latency", 0, "what every answer takes at least")
	flags.StringArrayVar(&o.faults, "fault", nil, "what goes wrong: '(STATUS|hang|reset|abort|garbage|truncate|big|slow) [METHOD] [PATH] [times=N] [retry=SECONDS] [delay=DURATION]'; may be repeated")
	flags.StringVar(&o.output, "output", "", "folder to write changed objects to, as RESOURCE_NAMESPACE_NAME.json")
	flags.StringVar(&o.log, "log", "", "file to append a line of JSON to for every request")
	flags.BoolVar(&o.stdin, "stdin", false, "stop when standard input ends")
	flags.Usage = func() {
		fmt.Fprintf(os.Stderr, "usage: apiserver --kubeconfig FILE [flags] FILE|FOLDER…\n%s", flags.FlagUsages())
	}
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.kubeconfig == "" {
		return options{}, errors.New("--kubeconfig: missing; name the file to be written")
	}
	o.objects = flags.Args()
	return o, nil
}

// run serves until the context ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	s, err := cnitest.StartAPIServer(o.listen)
	if err != nil {
		return err
	}
	defer s.Close()
	finish, err := o.prepare(s)
	if err != nil {
		return err
	}
	defer finish()
	if _, err := fmt.Fprintln(out, o.kubeconfig); err != nil {
		return err
	}
	return o.wait(ctx, s)
}

// prepare sets the server up; finish ends what it writes to.
func (o options) prepare(s *cnitest.APIServer) (finish func(), err error) {
	for _, text := range o.faults {
		fault, err := cnitest.ParseFault(text)
		if err != nil {
			return nil, err
		}
		s.Fail(fault)
	}
	if err := o.load(s); err != nil {
		return nil, err
	}
	s.SetLatency(o.latency)
	user := o.identify(s)
	finish, err = o.record(s)
	if err != nil {
		return nil, err
	}
	if err := writeKubeconfig(s, o.kubeconfig, user); err != nil {
		finish()
		return nil, err
	}
	return finish, nil
}

// writeKubeconfig writes the file at once, so that who waits for it never reads half of it.
func writeKubeconfig(s *cnitest.APIServer, path string, user map[string]string) error {
	unfinished := path + ".new"
	if err := s.WriteKubeconfig(unfinished, user); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// identify sets the token up and returns the kubeconfig's user.
func (o options) identify(s *cnitest.APIServer) map[string]string {
	if o.tokenFile == "" {
		s.SetToken(o.token)
		return map[string]string{"token": o.token}
	}
	s.SetTokenFunc(func() string {
		data, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return err.Error() // which is nobody's token
		}
		return strings.TrimSpace(string(data))
	})
	path, err := filepath.Abs(o.tokenFile)
	if err != nil {
		path = o.tokenFile
	}
	return map[string]string{"tokenFile": path}
}

// wait serves, and reads the objects anew on SIGHUP.
func (o options) wait(ctx context.Context, s *cnitest.APIServer) error {
	ended := make(chan struct{})
	if o.stdin {
		go func() {
			defer close(ended)
			_, _ = io.Copy(io.Discard, os.Stdin) // however it ends, it has ended
		}()
	}
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	defer signal.Stop(again)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ended:
			return nil
		case <-again:
			if err := o.load(s); err != nil {
				fmt.Fprintln(os.Stderr, "apiserver:", err)
			}
		}
	}
}

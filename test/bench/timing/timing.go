// Package timing runs processes and tells what they cost, their children included.
package timing

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Order is a number of processes that are to run at the same time.
type Order struct {
	Runs []Run
	CPUs int // so many processors for all of them; 0: as many as there are
}

// Run is one process.
type Run struct {
	Args  []string // the program's path first
	Env   []string
	Stdin string // a file; none if empty
}

// Cost is what the processes of an Order cost, together with those children that they
// waited for.
type Cost struct {
	Wall   time.Duration // from the first start to the last end
	CPU    time.Duration // user and system time
	Memory int64         // bytes: the peak of the largest of a process and its children, summed up
	Faults int64         // page faults without disk access
	Output []byte        // both standard output and standard error
}

// Execute carries the order out; a process that fails is an error. The calling process
// should be a small one: a child's peak memory counts from before its execve, while it
// still is its parent.
func (o Order) Execute() (Cost, error) {
	runtime.LockOSThread() // processors are given to a thread, and inherited from it
	defer runtime.UnlockOSThread()
	if err := confine(o.CPUs); err != nil {
		return Cost{}, err
	}
	// Output goes to memory: nobody has to be awake to read it.
	fd, err := unix.MemfdCreate("output", unix.MFD_CLOEXEC)
	if err != nil {
		return Cost{}, os.NewSyscallError("memfd_create", err)
	}
	output := os.NewFile(uintptr(fd), "output")
	defer output.Close()
	commands := make([]*exec.Cmd, len(o.Runs))
	for i, r := range o.Runs {
		commands[i] = exec.Command(r.Args[0], r.Args[1:]...)
		commands[i].Env, commands[i].Stdout, commands[i].Stderr = r.Env, output, output
		if r.Stdin == "" {
			continue
		}
		stdin, err := os.Open(r.Stdin)
		if err != nil {
			return Cost{}, err
		}
		defer stdin.Close()
		commands[i].Stdin = stdin
	}
	cost, failed := execute(commands)
	var printed bytes.Buffer
	_, err = io.Copy(&printed, io.NewSectionReader(output, 0, maxOutput))
	cost.Output = printed.Bytes()
	if failed != nil {
		failed = fmt.Errorf("%w\n%s", failed, cost.Output)
	}
	return cost, errors.Join(failed, err)
}

const maxOutput = 1 << 20

// execute runs the commands at the same time.
func execute(commands []*exec.Cmd) (Cost, error) {
	var cost Cost
	var errs []error
	begin := time.Now()
	for _, c := range commands {
		errs = append(errs, c.Start())
	}
	for i, c := range commands {
		if errs[i] != nil {
			continue
		}
		if err := c.Wait(); err != nil {
			errs[i] = fmt.Errorf("%s: %w", c, err)
		}
		cost.CPU += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
			cost.Memory += usage.Maxrss << 10
			cost.Faults += usage.Minflt
		}
	}
	cost.Wall = time.Since(begin)
	return cost, errors.Join(errs...)
}

func confine(cpus int) error {
	if cpus == 0 {
		return nil
	}
	var have, want unix.CPUSet
	if err := unix.SchedGetaffinity(0, &have); err != nil {
		return err
	}
	for cpu := 0; want.Count() < min(cpus, have.Count()); cpu++ {
		if have.IsSet(cpu) {
			want.Set(cpu)
		}
	}
	return unix.SchedSetaffinity(0, &want)
}

// Init adds up what a program that ran with GODEBUG=inittrace=1 says of its packages:
// init os @0.18 ms, 0.023 ms clock, 1000 bytes, 10 allocs
func Init(trace string) (sum time.Duration) {
	for line := range strings.Lines(trace) {
		if words := strings.Fields(line); len(words) > 5 && words[0] == "init" {
			took, _ := time.ParseDuration(words[4] + words[5]) // whoever gets no sum complains
			sum += took
		}
	}
	return sum
}

// Package timing runs processes and tells what each of them cost, its children
// included.
package timing

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Order is a number of processes that are to run at the same time.
type Order struct {
	Runs []Run `json:"runs"`
	CPUs int   `json:"cpus,omitempty"` // so many processors for all of them; 0: as many as there are
}

// Run is one process.
type Run struct {
	Args  []string `json:"args"` // the program's path first
	Env   []string `json:"env"`
	Stdin string   `json:"stdin,omitempty"` // a file
}

// Cost is what one process cost, together with those children that it waited for.
type Cost struct {
	Wall   time.Duration `json:"wall"`
	CPU    time.Duration `json:"cpu"`    // user and system time
	Memory int64         `json:"memory"` // bytes, of the largest of the processes
	Faults int64         `json:"faults"` // page faults without disk access
	Exit   int           `json:"exit"`
	Output []byte        `json:"output"` // both standard output and standard error
}

// Report is what an Order came to.
type Report struct {
	Wall  time.Duration `json:"wall"` // from the first start to the last end
	Costs []Cost        `json:"costs"`
}

// Execute carries the order out. The calling process should be a small one: a
// child's peak memory counts from before its execve, while it still is its parent.
func (o Order) Execute() (Report, error) {
	runtime.LockOSThread() // processors are given to a thread, and inherited from it
	defer runtime.UnlockOSThread()
	if err := confine(o.CPUs); err != nil {
		return Report{}, err
	}
	report := Report{Costs: make([]Cost, len(o.Runs))}
	errs := make([]error, len(o.Runs))
	var group sync.WaitGroup
	start := time.Now()
	for i, r := range o.Runs {
		p, err := r.start()
		if err != nil {
			errs[i] = err
			continue
		}
		group.Go(func() { report.Costs[i], errs[i] = p.wait() })
	}
	group.Wait()
	report.Wall = time.Since(start)
	return report, errors.Join(errs...)
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

// running is a process that was started.
type running struct {
	process *os.Process
	output  *os.File
	began   time.Time
}

func (r Run) start() (running, error) {
	if r.Stdin == "" {
		r.Stdin = os.DevNull
	}
	stdin, err := os.Open(r.Stdin)
	if err != nil {
		return running{}, err
	}
	defer stdin.Close()
	// Output goes to memory: nobody has to be awake to read it.
	fd, err := unix.MemfdCreate("output", unix.MFD_CLOEXEC)
	if err != nil {
		return running{}, os.NewSyscallError("memfd_create", err)
	}
	output := os.NewFile(uintptr(fd), "output")
	began := time.Now()
	process, err := os.StartProcess(r.Args[0], r.Args, &os.ProcAttr{Env: r.Env, Files: []*os.File{stdin, output, output}})
	if err != nil {
		return running{}, errors.Join(err, output.Close())
	}
	return running{process: process, output: output, began: began}, nil
}

func (p running) wait() (Cost, error) {
	defer p.output.Close()
	state, err := p.process.Wait()
	wall := time.Since(p.began)
	if err != nil {
		return Cost{}, err
	}
	var printed bytes.Buffer
	if _, err := io.Copy(&printed, io.NewSectionReader(p.output, 0, maxOutput)); err != nil {
		return Cost{}, err
	}
	cost := Cost{Wall: wall, CPU: state.UserTime() + state.SystemTime(), Exit: state.ExitCode(), Output: printed.Bytes()}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		cost.Memory, cost.Faults = int64(usage.Maxrss)<<10, int64(usage.Minflt)
	}
	return cost, nil
}

const maxOutput = 1 << 20

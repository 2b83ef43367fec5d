package testcluster

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// spawner starts commands. The two kinds differ in what happens to the child when
// this process ends.
type spawner interface {
	start(cmd *exec.Cmd, log string) error
}

// detached children have their own session: neither the end of the command nor a
// Ctrl-C in its terminal reaches them.
type detached struct{}

func (detached) start(cmd *exec.Cmd, log string) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go reap(cmd, log)
	return nil
}

// leash children are killed by the kernel when this process ends, even by
// kill -9. Linux sends that signal when the thread that started the child ends,
// not the process, so one thread does nothing else.
type leash struct {
	work chan func()
	end  sync.Once
}

func newLeash() *leash {
	l := &leash{work: make(chan func())}
	go func() {
		// Never unlocked: when this goroutine returns its thread ends, and with it
		// whatever children are left.
		runtime.LockOSThread()
		for f := range l.work {
			f()
		}
	}()
	return l
}

func (l *leash) start(cmd *exec.Cmd, log string) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	l.work <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return err
	}
	go reap(cmd, log)
	return nil
}

func (l *leash) close() { l.end.Do(func() { close(l.work) }) }

// reap waits for a child so that it does not stay a zombie. A server that a
// signal ended does not say so itself: its log gets a line.
func reap(cmd *exec.Cmd, log string) {
	_ = cmd.Wait()
	file, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return // its directory is gone
	}
	_, _ = fmt.Fprintf(file, "testcluster: pid %d ended: %s\n", cmd.Process.Pid, cmd.ProcessState)
	_ = file.Close()
}

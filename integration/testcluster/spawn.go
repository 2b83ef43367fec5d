package testcluster

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// spawner starts commands. The two kinds differ in what happens to the child when
// this process ends.
type spawner interface {
	start(*exec.Cmd) error
}

// detached children have their own session: neither the end of the command nor a
// Ctrl-C in its terminal reaches them.
type detached struct{}

func (detached) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go reap(cmd)
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

func (l *leash) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	l.work <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return err
	}
	go reap(cmd)
	return nil
}

func (l *leash) close() { l.end.Do(func() { close(l.work) }) }

// reap waits for a child so that it does not stay a zombie; how it ended is in
// its log.
func reap(cmd *exec.Cmd) {
	_ = cmd.Wait()
}

package testcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// stopGrace is how long a server may take to end after SIGTERM.
const stopGrace = 10 * time.Second

// command is how a process is started, kept in the cluster's state so that another
// process can restart it.
type command struct {
	Args []string `json:"args"`
	Env  []string `json:"env,omitempty"` // in addition to this process's
	// IgnoresTERM: the program swallows SIGTERM, so waiting for it would be in vain.
	IgnoresTERM bool `json:"ignores_term,omitempty"`
}

// Process is a handle on one server. Its methods may be called at the same time
// from several goroutines, and act on the server whoever started it.
type Process struct {
	// Name is unique in the cluster: "zookeeper", "s1r2", "n1".
	Name string

	command command
	dir     string // its working directory; its log and PID file are there
	spawn   spawner
	ready   func(context.Context) error
	started func() error // told after each start: the PID is another one

	mu sync.Mutex
	id identity
}

func (p *Process) pidFile() string { return filepath.Join(p.dir, "pid.json") }
func (p *Process) logFile() string { return filepath.Join(p.dir, "server.log") }

// PID is the process's number, or 0 when it does not run.
func (p *Process) PID() int {
	if id := p.identity(); id.alive() {
		return id.PID
	}
	return 0
}

// Running is true for a paused process too.
func (p *Process) Running() bool { return p.identity().alive() }

// Paused says whether the process was stopped by SIGSTOP.
func (p *Process) Paused() bool { return p.identity().stopped() }

// LogTail is the last n lines that the server wrote.
func (p *Process) LogTail(n int) string { return lastLines(p.logFile(), n) }

// Start starts the server if it does not run, and returns when it serves.
func (p *Process) Start(ctx context.Context) error {
	if err := p.launch(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	if p.started != nil {
		if err := p.started(); err != nil {
			return err
		}
	}
	return p.WaitReady(ctx)
}

func (p *Process) launch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.id.alive() {
		return nil
	}
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	cmd := exec.Command(p.command.Args[0], p.command.Args[1:]...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), p.command.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	err = p.spawn.start(cmd, p.logFile())
	_ = log.Close() // the child has its own
	if err != nil {
		return err
	}
	id, err := identify(cmd.Process.Pid)
	if err != nil {
		return fmt.Errorf("ended at once: %w\n%s", err, p.LogTail(20))
	}
	p.id = id
	if err := id.write(p.pidFile()); err != nil {
		return errors.Join(err, id.signal(syscall.SIGKILL))
	}
	return nil
}

// WaitReady returns when the server serves, and fails as soon as it has ended or
// after 60 s. A node of the cluster engine serves once it has reached ZooKeeper.
func (p *Process) WaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("not serving within %s", startLimit))
	defer cancel()
	for {
		if !p.Running() {
			return fmt.Errorf("%s is not running; its log ends with\n%s", p.Name, p.LogTail(20))
		}
		err := p.ready(ctx)
		if err == nil {
			return nil
		}
		if sleep(ctx, 10*time.Millisecond) != nil {
			return fmt.Errorf("wait for %s: %w: %w", p.Name, context.Cause(ctx), err)
		}
	}
}

// Stop ends the server with SIGTERM (a paused one too), or SIGKILL when that has
// not worked within ten seconds, and waits until it is gone. A modern node is
// killed at once: the library swallows SIGTERM. It is no error if the server did
// not run.
func (p *Process) Stop(ctx context.Context) error {
	if p.command.IgnoresTERM {
		return p.Kill(ctx)
	}
	id := p.identity()
	if err := id.signal(syscall.SIGTERM); err != nil {
		return p.ended("stop", err)
	}
	// A frozen process would take its SIGTERM only when somebody thaws it.
	_ = id.signal(syscall.SIGCONT)
	grace, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	if waitGone(grace, id) == nil {
		return p.ended("stop", errGone)
	}
	return p.Kill(ctx)
}

// Kill ends the server with SIGKILL and waits until it is gone.
func (p *Process) Kill(ctx context.Context) error {
	id := p.identity()
	err := id.signal(syscall.SIGKILL)
	if err == nil {
		// Nothing can refuse SIGKILL, so this wait is not for the caller to cut short:
		// the last Stop often runs with a context that is over already.
		patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		if err = waitGone(patient, id); err == nil {
			err = errGone
		}
	}
	return p.ended("kill", err)
}

// ended removes the PID file of a process that is gone, and reports any other error.
func (p *Process) ended(verb string, err error) error {
	if !errors.Is(err, errGone) {
		return fmt.Errorf("%s %s: %w", verb, p.Name, err)
	}
	if err := os.Remove(p.pidFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s %s: %w", verb, p.Name, err)
	}
	return nil
}

// Pause freezes the server with SIGSTOP; its connections stay open and are silent.
func (p *Process) Pause(ctx context.Context) error {
	id := p.identity()
	err := id.signal(syscall.SIGSTOP)
	if err == nil {
		err = waitStopped(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("pause %s: %w", p.Name, err)
	}
	return nil
}

// Continue thaws a paused server. It does not wait until it answers: WaitReady does.
func (p *Process) Continue(context.Context) error {
	if err := p.identity().signal(syscall.SIGCONT); err != nil {
		return fmt.Errorf("continue %s: %w", p.Name, err)
	}
	return nil
}

// Restart stops the server and starts it again with the same ports and data.
func (p *Process) Restart(ctx context.Context) error {
	if err := p.Stop(ctx); err != nil {
		return err
	}
	return p.Start(ctx)
}

func (p *Process) identity() identity {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.id
}

func waitGone(ctx context.Context, id identity) error {
	for id.alive() {
		if err := sleep(ctx, 2*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func waitStopped(ctx context.Context, id identity) error {
	for !id.stopped() {
		if !id.alive() {
			return errGone
		}
		if err := sleep(ctx, 2*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// Package cli is skein's command tree. It is a package so that a program with
// Go migrations of its own is five lines of main:
//
//	func main() {
//		os.Exit(cli.Main(mygroups.Events(), mygroups.Transactions()))
//	}
//
// One command is one file: flags, configuration, wiring, one call of the
// coordinator, printing, exit code.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// Main runs the command line of this process with the groups of migrations
// that are compiled in, beside the built-in group system, and returns the exit
// code. The first SIGINT or SIGTERM lets the statement in flight end; the
// second stops at once.
func Main(groups ...migration.Group) int {
	CollectLess()
	return Program{Groups: groups, Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}.Main()
}

// Main runs the command until it ends or signals end it, as the function Main does.
func (p Program) Main() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		close(stop)
		<-signals
		cancel()
	}()
	p.Stop = stop
	return p.Run(ctx)
}

// oneAtATime is a writer for several goroutines.
type oneAtATime struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (o *oneAtATime) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(text)
}

// heed ends the command at the first signal, unless it holds the lock: a change
// under way first lets its statement end.
func (a *app) heed(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-ctx.Done():
	case <-a.program.Stop:
		if !a.changing.Load() {
			cancel()
			return
		}
		fmt.Fprintln(a.program.Stderr, "skein: interrupted: stopping after the statement in flight; once more to stop now")
	}
}

// Program is one invocation. Its zero value of each field but Args works.
type Program struct {
	Groups         []migration.Group
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Stop, once closed, lets the statement in flight end and stops then.
	Stop <-chan struct{}
	// Ports may put something between the coordinator and what it works with: tests
	// do, to count its calls and to fail at each of them.
	Ports func(coordinator.Options) coordinator.Options
}

// Run runs the command and returns its exit code.
func (p Program) Run(ctx context.Context) int {
	if p.Stdout == nil {
		p.Stdout = io.Discard
	}
	if p.Stderr == nil {
		p.Stderr = io.Discard
	}
	p.Stderr = &oneAtATime{w: p.Stderr} // events and signals both write to it
	a := &app{program: p}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go a.heed(ctx, cancel)
	root := a.root()
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	cmd, err := root.ExecuteContextC(ctx)
	a.command = cmd.CommandPath()
	a.close()
	if err == nil {
		return exitDone
	}
	// Whoever stops skein and reads "the node does not answer" looks in the wrong place.
	if code := exitCode(err, a.started); ctx.Err() != nil && (code == exitError || code == exitPreflight) {
		err = &journal.InterruptedError{}
	}
	code := exitCode(err, a.started)
	a.printError(err, code)
	return code
}

// CollectLess lets the heap grow further before garbage is collected than Go does by
// itself: a command lives for seconds, and may read ten thousand small files, a third
// faster so. Near the limit it is collected as often as it takes to stay below: the answers
// of a thousand nodes are garbage as soon as they are read. With the program's own pages,
// which the limit does not count, a process is to stay below 300 MB while that is possible.
// What GOGC and GOMEMLIMIT say wins.
func CollectLess() {
	const percent, limit = 400, 280 << 20
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}

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
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/skein-migrate/skein/migration"
)

// Main runs the command line of this process with the groups of migrations
// that are compiled in, beside the built-in group system, and returns the exit
// code. The first SIGINT or SIGTERM lets the statement in flight end; the
// second stops at once.
func Main(groups ...migration.Group) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		close(stop)
		_, _ = io.WriteString(os.Stderr, "skein: interrupted: waiting for the statement in flight; once more to stop now\n")
		<-signals
		cancel()
	}()
	return Program{Groups: groups, Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Stop: stop}.Run(ctx)
}

// Program is one invocation. Its zero value of each field but Args works.
type Program struct {
	Groups         []migration.Group
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Stop, once closed, lets the statement in flight end and stops then.
	Stop <-chan struct{}
}

// Run runs the command and returns its exit code.
func (p Program) Run(ctx context.Context) int {
	if p.Stdout == nil {
		p.Stdout = io.Discard
	}
	if p.Stderr == nil {
		p.Stderr = io.Discard
	}
	a := &app{program: p}
	root := a.root()
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	err := root.ExecuteContext(ctx)
	a.close()
	if err == nil {
		return exitDone
	}
	code := exitCode(err, a.started)
	a.printError(err, code)
	return code
}

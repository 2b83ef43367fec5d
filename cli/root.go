package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/journal"
)

// app is what the commands of one invocation share.
type app struct {
	program  Program
	started  bool        // a command runs: errors are no longer about the command line
	command  string      // which, with its parents
	checking bool        // check-inactive-replicas, doctor or config check printed its findings itself
	changing atomic.Bool // the lock is held

	verbose, quiet bool
	lockWait       time.Duration
	without        []string // nodes that are left out
	releasing      bool     // lock release: who holds the lock is alive
	closers        []func()

	holder              journal.Holder // this run, if it is to be one
	events              journal.Sink
	eventsTo, metricsTo string // flags
}

func (a *app) close() {
	for _, closer := range a.closers {
		closer()
	}
}

const long = `skein changes the schemas of ClickHouse clusters: grouped migrations of typed
operations, on every node, checked on every node.

A changing command takes a lock, looks for inactive replicas, runs each
statement until every node has it, and keeps one row per migration in the
table migrations_local of the cluster itself.

Exit codes: 0 done; 1 error, nothing left half-way; 2 usage or configuration;
3 preflight refused, nothing changed; 4 the lock is held, or was lost; 5 a
migration is in progress; 6 nodes differ; 130 interrupted with nothing in
progress.`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "skein",
		Short:         "Cluster-aware migrations for ClickHouse",
		Long:          long,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.started = true
			return a.observe(cmd)
		},
	}
	flags := root.PersistentFlags()
	config.AddFlags(flags)
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "say every statement and every node's answer")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but results and errors")
	flags.SortFlags = false
	root.AddCommand(
		a.initCommand(), a.newCommand(), a.dumpCommand(), a.bootstrapCommand(), a.addNodeCommand(),
		a.listCommand(), a.planCommand(), a.migrateCommand(), a.runCommand(), a.reverseCommand(),
		a.rollbackCommand(), a.revertCommand(), a.resumeCommand(), a.reverseInProgressCommand(),
		a.checkInactiveReplicasCommand(), a.doctorCommand(), a.verifyCommand(), a.baselineCommand(), a.repairCommand(), a.historyCommand(), a.showCommand(), a.watchCommand(), a.lockCommand(), a.importCommand(), a.configCommand(), a.schemaCommand(), a.versionCommand(),
	)
	a.complete(root)
	root.SetFlagErrorFunc(flagError)
	return root
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	cmd.SuggestionsMinimumDistance = 2
	for _, name := range cmd.SuggestionsFor(args[0]) {
		text += fmt.Sprintf(", did you mean %q?", name)
		break
	}
	return &journal.UsageError{Err: errors.New(text)}
}

// exactly makes the errors of positional arguments say what they should be.
func exactly(most int, usage string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > most {
			return journal.Usagef("%s takes %s, not %s", cmd.CommandPath(), usage, quoted(args))
		}
		return nil
	}
}

// quoted writes words as they would be told apart in a shell.
func quoted(words []string) string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = strconv.Quote(word)
	}
	return strings.Join(out, " ")
}

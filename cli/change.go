package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/nearest"
)

// selection is the flags that say which migrations a command is about.
type selection struct {
	groups    []string
	readiness []string
	id        string
	count     int
	force     bool
	fake      bool
	dryRun    bool
	check     bool
	maxDrop   uint64
	yes       bool
	dirty     bool
	unparsed  bool
	skipped   []string
	system    bool
	back      bool // takes back what is completed, of a group that may have left nothing but rows
	output    string
	jobs      int
}

// flags are those of commands that are about many migrations.
func (s *selection) flags(cmd *cobra.Command) {
	s.groupFlag(cmd, "only this `group`, and those it depends on (repeatable)")
	cmd.Flags().StringSliceVar(&s.readiness, "readiness", nil, "only groups of this `state`: limited, experimental, partial, deprecate, complete")
	cmd.Flags().IntVar(&s.count, "count", 0, "at most so many migrations")
}

func (s *selection) groupFlag(cmd *cobra.Command, usage string) {
	cmd.Flags().StringSliceVarP(&s.groups, "group", "g", nil, usage)
}

// oneFlags are those of commands that are about one migration.
func (s *selection) oneFlags(cmd *cobra.Command) {
	s.groupFlag(cmd, "its `group`")
	cmd.Flags().StringVar(&s.id, "migration-id", "", "its `ID`, whole")
}

// changeFlags are those of every command that changes something.
func (s *selection) changeFlags(a *app, cmd *cobra.Command, force string) {
	cmd.Flags().BoolVar(&s.force, "force", false, force)
	cmd.Flags().BoolVar(&s.fake, "fake", false, "write the status alone, run nothing")
	cmd.Flags().BoolVar(&s.dryRun, "dry-run", false, "print the plan and change nothing")
	cmd.Flags().BoolVar(&s.check, "check-dangerous", false,
		"refuse (exit 3) if a step would rewrite or drop rows, block, or run Go code; --force does not lift it")
	s.dropFlag(cmd)
	s.parseFlag(cmd)
	s.checksFlag(cmd)
	withoutFlag(a, cmd)
	cmd.Flags().StringVarP(&s.output, "output", "o", "text", "form of --dry-run: text or json")
	lockFlag(a, cmd)
}

func (s *selection) dropFlag(cmd *cobra.Command) {
	cmd.Flags().Uint64Var(&s.maxDrop, "max-drop", danger.DefaultLimit().Bytes,
		"max_table_size_to_drop of servers too old to tell it, in `bytes` (0: no limit)")
}

func (s *selection) parseFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.unparsed, "no-validate", false, "do not have a server parse every statement first")
}

// dirtyFlag is of what runs forward.
func (s *selection) dirtyFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.dirty, "allow-dirty", false, "go on where completed migrations are modified or missing")
}

func lockFlag(a *app, cmd *cobra.Command) {
	cmd.Flags().DurationVar(&a.lockWait, "lock-wait", 0, "wait so long for another run to end (such as 10m)")
	reportFlags(a, cmd)
}

func (s *selection) yesFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&s.yes, "yes", "y", false, "do not ask, also on a terminal")
}

func (s *selection) request(args []string) (coordinator.Request, error) {
	r := coordinator.Request{
		Groups: s.groups, ID: s.id, Count: s.count, Force: s.force, Fake: s.fake, IncludeSystem: s.system,
		Jobs: s.jobs, CheckDangerous: s.check, MaxDrop: &s.maxDrop, AllowDirty: s.dirty, NoValidate: s.unparsed, SkipChecks: s.skipped,
	}
	var states []string
	for _, readiness := range migration.Readinesses() {
		states = append(states, string(readiness))
	}
	for _, text := range s.readiness {
		if !slices.Contains(states, text) {
			return r, journal.Usagef("--readiness %q%s (there are: %s)", text, nearest.DidYouMean(text, states), strings.Join(states, ", "))
		}
		r.Readiness = append(r.Readiness, migration.Readiness(text))
	}
	if err := knownChecks("--skip-check", s.skipped, doctor.Before()); err != nil {
		return r, err
	}
	if s.count < 0 {
		return r, journal.Usagef("--count %d: use a positive number", s.count)
	}
	if len(args) > 0 {
		r.Through = args[0]
		if len(s.groups) != 1 {
			return r, journal.Usagef("THROUGH %q needs its group: --group GROUP", args[0])
		}
	}
	return r, nil
}

// verb is how a command plans and how it runs.
type verb struct {
	plan func(*coordinator.Coordinator, context.Context, coordinator.Request) ([]coordinator.MigrationPlan, error)
	run  func(*coordinator.Coordinator, context.Context, coordinator.Request) (coordinator.Result, error)
	// past is what was done: "3 migrations completed".
	past string
	// asks is set for what takes something away: it is always asked about. The others
	// are where rows would be rewritten or dropped.
	asks bool
}

// change runs a verb: dry, or after showing what it is about, and maybe asking.
func (a *app) change(cmd *cobra.Command, s selection, args []string, v verb) error {
	if err := checkOutput(s.output); err != nil {
		return err
	}
	if s.output == "json" && !s.dryRun {
		return journal.Usagef("--output json is the form of --dry-run: add that, or for what a run does --events FILE")
	}
	w, request, err := a.wireFor(cmd, s, args)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if s.dryRun {
		plans, err := v.plan(w.Coordinator, cmd.Context(), request)
		if err != nil {
			return err
		}
		if err := printPlans(out, s.output, w.overviewOf(plans, request)); err != nil || !s.check {
			return err
		}
		return coordinator.CheckDangerous(plans)
	}
	request.Approve = a.approver(cmd, w, s, request, v)
	result, err := v.run(w.Coordinator, cmd.Context(), request)
	if err != nil {
		if len(result.Applied) > 0 {
			fmt.Fprintf(out, "%s %s before it stopped: %s\n", count(len(result.Applied), "migration"), v.past, keys(result.Applied))
		}
		return err
	}
	if len(result.Applied) == 0 {
		fmt.Fprintln(out, "Nothing to do.")
		return nil
	}
	fmt.Fprintf(out, "%s %s.\n", count(len(result.Applied), "migration"), v.past)
	return nil
}

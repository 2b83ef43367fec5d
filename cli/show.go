package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) showCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "show GROUP ID",
		Short: "One migration: how it stands, and every run that touched it",
		Long: `show tells all of one migration: its state row in words, then each run that
touched it, oldest first, with its statements, every node's answer, retries, waits,
steps that were not sent and why, and how the run ended. ID may be the first letters
of one ID; GROUP/ID is one argument for both. Times are UTC, to the second.

It reads the state and the audit trail on every node and takes no lock. A node that
does not answer is named on stderr, and what the others have is shown. The trail is
for people: it decides nothing, and a run that was killed may lack its last 2 s.

In JSON, "migration" is the state row: group, id, status, timestamp, direction, step,
steps, in_flight, pending_nodes, error, applied_by, run, epoch, duration_ms, checksum,
modified, missing, blocking, notes. "runs" has the runs as history has them, each with
"events": at, seq, step, node, outcome, code, text, statement, duration_ms. "silent"
has the nodes without an answer. What is empty is left out.`,
		Example: "  skein show events 0003_rollup\n  skein show events/0003\n  skein show events 0003 --output json",
		Args:    showArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			group, id := args[0], ""
			if len(args) == 2 {
				id = args[1]
			} else {
				group, id, _ = strings.Cut(args[0], "/")
			}
			w, err := a.wire(cmd)
			if err != nil {
				return err
			}
			story, err := w.Show(cmd.Context(), group, id)
			if err != nil {
				return err
			}
			printSilent(cmd.ErrOrStderr(), story.Silent)
			if output == "json" {
				return writeJSON(cmd.OutOrStdout(), story)
			}
			printStory(cmd.OutOrStdout(), story)
			return nil
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

func showArgs(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return journal.Usagef("skein show takes GROUP ID; both are in skein list")
	case len(args) == 2 && args[0] != "" && args[1] != "":
		return nil
	case len(args) == 1:
		if group, id, both := strings.Cut(args[0], "/"); both && group != "" && id != "" {
			return nil
		}
		return journal.Usagef("skein show takes GROUP ID or GROUP/ID, not %q alone; the IDs: skein list", args[0])
	}
	return journal.Usagef("skein show takes GROUP ID, not %s", quoted(args))
}

func printStory(w io.Writer, s coordinator.Story) {
	printRow(w, s.Migration)
	for _, run := range s.Runs {
		fmt.Fprintln(w)
		printRun(w, run.RunStory)
		printEvents(w, run)
	}
	if len(s.Runs) == 0 {
		fmt.Fprintln(w, "\nNo run is recorded that touched it.")
	}
	if s.Migration.Status == journal.InProgress {
		fmt.Fprintln(w)
		printWaysOut(w, s.Migration.Group)
	}
}

func printRow(w io.Writer, m coordinator.MigrationStory) {
	status := strings.ReplaceAll(string(m.Status), "_", " ")
	if m.Status == journal.InProgress {
		status = fmt.Sprintf("IN PROGRESS, %s, step %d of %d", m.Direction, min(m.Step, m.Steps), m.Steps)
		if m.Step > m.Steps {
			status += " done everywhere"
		}
	}
	fmt.Fprintf(w, "%s  %s\n", m.Key, status)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %-11s %s\n", name, indent(value, strings.Repeat(" ", 14)))
		}
	}
	if m.Timestamp != nil {
		line("since", m.Timestamp.Format(time.DateTime))
	}
	if m.AppliedBy != "" {
		line("by", fmt.Sprintf("%s, run %s, epoch %d", m.AppliedBy, m.Run, m.Epoch))
	}
	if m.Duration > 0 {
		line("took", took(time.Duration(m.Duration)*time.Millisecond))
	}
	line("in flight", m.InFlight)
	line("missing on", strings.Join(m.PendingNodes, "\n"))
	line("error", filled(m.Error))
	line("checksum", m.Checksum)
	line("", markOf(m))
	for _, note := range m.Notes {
		line("note", filled(note))
	}
}

func markOf(m coordinator.MigrationStory) string {
	switch {
	case m.Missing:
		return "this program does not have the migration"
	case m.Modified:
		return "modified: this program has another one of that ID"
	case m.Blocking && m.Status != journal.Completed:
		return "blocking: it needs --force to run"
	}
	return ""
}

// filled breaks a text for the right-hand side of a row.
func filled(text string) string {
	const margin = "              "
	lines := strings.Split(wrapped(text, margin, 0), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], margin)
	}
	return strings.Join(lines, "\n")
}

// printEvents writes what a run did, step by step.
func printEvents(w io.Writer, run coordinator.RunEvents) {
	steps := 0
	for i, e := range run.Events {
		switch e.Outcome {
		case journal.TrailRunStarted: // the run's own lines say it
		case journal.TrailStarted:
			steps = e.Step
			direction := ""
			if len(run.Migrations) > 0 {
				direction = backwardMark(run.Migrations[0].Direction)
			}
			printEvent(w, e, "    ", "begun, "+count(e.Step, "step")+direction)
		case journal.TrailSent:
			printEvent(w, e, "    ", fmt.Sprintf("%d/%d  %s", e.Step, max(steps, e.Step), whither(e.Text)))
			fmt.Fprintf(w, "               %s\n", indent(e.Statement, "               "))
		case journal.Done, journal.Failed, journal.Unknown, journal.Skipped:
			printAnswer(w, e)
		case journal.TrailConverged:
			fmt.Fprintf(w, "               as stated on %s  %s\n", e.Text, took(time.Duration(e.Duration)*time.Millisecond))
		case journal.TrailNotSent:
			printNotSent(w, e, steps)
		case journal.TrailStopped:
			text := fmt.Sprintf("stopped at step %d of %d", e.Step, max(steps, e.Step))
			if !sentBefore(run.Events[:i], e.Step) {
				text += ", not sent"
			}
			printEvent(w, e, "    ", text)
			printReason(w, e.Text)
		default:
			if strings.HasPrefix(string(e.Outcome), "run ") && stopped(run.Events[:i]) {
				e.Text = "" // it says the same once more
			}
			printOther(w, e)
		}
	}
	if run.Ending == "" {
		fmt.Fprintln(w, "    no end is recorded: the run was killed, or is under way (skein lock status)")
	}
}

// whither is empty in no row: "ON CLUSTER c, 4 nodes", or "4 nodes" without it.
func whither(text string) string {
	if strings.HasPrefix(text, "ON CLUSTER") {
		return text
	}
	return "to " + text
}

func stopped(events []coordinator.RunEvent) bool {
	return slices.ContainsFunc(events, func(e coordinator.RunEvent) bool { return e.Outcome == journal.TrailStopped })
}

func sentBefore(events []coordinator.RunEvent, step int) bool {
	return slices.ContainsFunc(events, func(e coordinator.RunEvent) bool {
		return e.Outcome == journal.TrailSent && e.Step == step
	})
}

func printEvent(w io.Writer, e coordinator.RunEvent, margin, text string) {
	fmt.Fprintf(w, "%s%s  %s\n", margin, e.At.Format(time.TimeOnly), text)
}

func printAnswer(w io.Writer, e coordinator.RunEvent) {
	text := e.Text
	if e.Code != 0 {
		text = fmt.Sprintf("%d %s", e.Code, strings.TrimPrefix(text, fmt.Sprintf("Code: %d, e.displayText() = ", e.Code)))
	}
	duration := ""
	if e.Duration > 0 {
		duration = took(time.Duration(e.Duration) * time.Millisecond)
	}
	fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("               %-9s %s  %s", e.Outcome, e.Node, duration), " "))
	if text != "" {
		fmt.Fprintln(w, wrapped(text, "                 ", 0))
	}
}

func printNotSent(w io.Writer, e coordinator.RunEvent, steps int) {
	if e.Step == 0 {
		printEvent(w, e, "    ", e.Text)
		return
	}
	printEvent(w, e, "    ", fmt.Sprintf("%d/%d  %s", e.Step, max(steps, e.Step), e.Statement))
	printReason(w, "not sent: "+e.Text)
}

func printReason(w io.Writer, text string) {
	if text != "" {
		fmt.Fprintln(w, wrapped(text, "               ", 0))
	}
}

func printOther(w io.Writer, e coordinator.RunEvent) {
	what := string(e.Outcome)
	switch e.Outcome {
	case journal.TrailPreflight:
		printEvent(w, e, "    ", "preflight "+e.Text)
		return
	case journal.TrailFinished, journal.TrailMarked:
		printEvent(w, e, "    ", strings.TrimRight(fmt.Sprintf("%s: %s", what, e.Text), ": "))
		return
	case journal.TrailDecided:
		what += " " + e.Statement
	case journal.TrailMutating:
		what += " on " + e.Node
	case journal.TrailRetrying:
		what = fmt.Sprintf("again in %s on %s", time.Duration(e.Duration)*time.Millisecond, e.Node)
	}
	printEvent(w, e, "    ", cmp.Or(what, "?"))
	printReason(w, e.Text)
}

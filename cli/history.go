package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) historyCommand() *cobra.Command {
	var output, group string
	var limit int
	cmd := &cobra.Command{
		Use:   "history",
		Short: "The runs: when, who, what, and how they ended",
		Long: `history shows the runs that took the lock, newest first: when each began and how
long it took, who ran it where, the command line, the lock's epoch, how it ended,
and what became of each migration that it touched. Times are UTC. A run for which
no end is recorded was killed, or is under way.

It reads the audit trail on every node and takes no lock. A node that does not
answer is named on stderr, and what the others have is shown.

In JSON, "runs" has for each: run, started, ended (null: no end is recorded),
duration_ms, by, command, epoch, ending (completed, failed, refused, interrupted,
"lost the lock"; left out without an end), error, and migrations, each with group,
id, direction, outcome (finished, marked, stopped, started), step and steps.
"more" is true if there are older runs, "silent" has the nodes without an answer.`,
		Example: "  skein history\n  skein history --group events --limit 5\n  skein history --output json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if limit < 0 {
				return journal.Usagef("--limit %d: use a positive number, or 0 for all", limit)
			}
			w, err := a.wire(cmd)
			if err != nil {
				return err
			}
			history, err := w.History(cmd.Context(), group, limit)
			if err != nil {
				return err
			}
			printSilent(cmd.ErrOrStderr(), history.Silent)
			if output == "json" {
				return writeJSON(cmd.OutOrStdout(), history)
			}
			printHistory(cmd.OutOrStdout(), history)
			return nil
		},
	}
	cmd.Flags().StringVarP(&group, "group", "g", "", "only runs that touched this `group`")
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "the newest so many `runs`; 0: all")
	outputFlag(cmd, &output)
	return cmd
}

// printSilent names nodes whose part of the audit trail is not shown.
func printSilent(w io.Writer, silent []journal.NoAnswer) {
	for _, s := range silent {
		fmt.Fprintf(w, "skein: warning: %s could not be read, what it alone has is not shown: %s\n", s.Node, s.Why)
	}
}

func printHistory(w io.Writer, h coordinator.History) {
	if len(h.Runs) == 0 {
		fmt.Fprintln(w, "No run is recorded.")
		return
	}
	for i, run := range h.Runs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		printRun(w, run)
		printTouched(w, run.Migrations)
		if len(run.Migrations) == 0 && run.Ending == journal.EndedCompleted {
			fmt.Fprintln(w, "    nothing to do")
		}
		if text := run.Error; text != "" {
			for _, m := range run.Migrations { // what stopped is said above
				text = whyStopped(m.Key, text)
			}
			fmt.Fprintln(w, wrapped(text, "    ", 3))
		}
	}
	if h.More {
		fmt.Fprintf(w, "\nThe newest %d runs. All: skein history --limit 0\n", len(h.Runs))
	}
}

// printRun writes the two lines that say which run it was.
func printRun(w io.Writer, run coordinator.RunStory) {
	how := string(run.Ending)
	if how == "" {
		how = "no end recorded"
	}
	duration := "       ?"
	if run.Ended != nil {
		duration = lasted(run.Duration)
	}
	fmt.Fprintf(w, "%s  %s  %s  %s\n", run.Run, run.Started.Format(time.DateTime), duration, how)
	if run.By == "" {
		fmt.Fprintln(w, "    its start is not recorded")
		return
	}
	fmt.Fprintln(w, wrapped(fmt.Sprintf("%s, epoch %d: %s", run.By, run.Epoch, run.Command), "    ", 0))
}

// printTouched writes migrations with the same outcome together.
func printTouched(w io.Writer, migrations []coordinator.RunMigration) {
	for from := 0; from < len(migrations); {
		what := became(migrations[from])
		var names []string
		to := from
		for ; to < len(migrations) && became(migrations[to]) == what; to++ {
			names = append(names, migrations[to].String())
		}
		fmt.Fprintln(w, wrapped(what+": "+strings.Join(names, ", "), "    ", 0))
		from = to
	}
}

func became(m coordinator.RunMigration) string {
	at := ""
	if m.Step > 0 {
		at = fmt.Sprintf(" at step %d", m.Step)
		if m.Steps > 0 {
			at += fmt.Sprintf(" of %d", m.Steps)
		}
	}
	backward := m.Direction == journal.Backward
	switch {
	case m.Outcome == journal.TrailFinished && backward:
		return "reversed"
	case m.Outcome == journal.TrailFinished:
		return "completed"
	case m.Outcome == journal.TrailMarked && backward:
		return "marked not started"
	case m.Outcome == journal.TrailMarked:
		return "marked completed"
	case m.Outcome == journal.TrailStopped:
		return "stopped" + at + backwardMark(m.Direction)
	}
	return "begun" + strings.Replace(at, " at ", ", sent up to ", 1) + backwardMark(m.Direction)
}

// lasted is wide enough for an hour.
func lasted(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	if d < time.Minute {
		return fmt.Sprintf("%8s", took(d))
	}
	return fmt.Sprintf("%8s", d.Round(time.Second))
}

// wrapped breaks the lines of a text between words so that it fits a terminal of 80
// columns, into at most so many lines; 0: as many as it takes.
func wrapped(text, margin string, most int) string {
	const width = 80
	var lines []string
	inner := margin
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len([]rune(inner+line))+1+len([]rune(word)) > width {
				lines = append(lines, inner+line)
				line, inner = "", margin+"  "
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		if line != "" || len(lines) == 0 {
			lines = append(lines, inner+line)
		}
		inner = margin + "  "
	}
	if most > 0 && len(lines) > most {
		lines = lines[:most]
		last := strings.TrimRight(lines[most-1], ",;:.")
		if at := strings.LastIndexByte(last, ' '); len([]rune(last)) > width-2 && at > len(margin)+2 {
			last = last[:at]
		}
		lines[most-1] = last + " …"
	}
	return strings.Join(lines, "\n")
}

// commandLine is what was typed, quoted for a shell where it has to be.
func (a *app) commandLine() string {
	words := []string{"skein"}
	for _, arg := range a.program.Args {
		if arg == "" || strings.ContainsAny(arg, " \t\n'\"\\$`*?;&|<>()[]{}!#~") {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

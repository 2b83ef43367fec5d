package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) listCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"status"},
		Short:   "How every migration of every group stands",
		Long: `list shows every group and migration: [X] completed, [ ] not started,
[-] in progress, with its error. HEAD is the last completed one of a group;
blocking ones need --force to run; missing ones have a row, but are not in this
program; modified ones are not what was applied; those of baseline were there
before and never run. What ran --without a node is
owed to that node until resume has settled it. Groups that skein.yaml leaves alone
here (readiness, skip_groups) are shown as such. A node that does not answer is named
on stderr, in JSON under "silent". It takes no lock.`,
		Example: "  skein list\n  skein list --output json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			w, err := a.wire(cmd)
			if err != nil {
				return err
			}
			groups, err := w.List(cmd.Context())
			if err != nil {
				return err
			}
			silent := w.store.Silent()
			for _, s := range silent {
				fmt.Fprintf(cmd.ErrOrStderr(), "skein: warning: %s did not answer, how the migrations stand is what the other nodes have: %s\n", s.Node, s.Why)
			}
			if output == "json" {
				return writeJSON(cmd.OutOrStdout(), listed{groups, silent})
			}
			out := bufio.NewWriter(cmd.OutOrStdout()) // a line each of thousands
			printList(out, groups)
			return out.Flush()
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

// listed is list as JSON.
type listed struct {
	Groups []coordinator.GroupStatus `json:"groups"`
	Silent []journal.NoAnswer        `json:"silent,omitempty"`
}

func outputFlag(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", "text", "text or json")
}

func checkOutput(output string) error {
	if output != "text" && output != "json" {
		return journal.Usagef("--output is text or json, not %q", output)
	}
	return nil
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

func printList(w io.Writer, groups []coordinator.GroupStatus) {
	total := map[journal.Status]int{}
	stuck, elsewhere, owed, modified, missing, waiting := "", false, false, false, false, 0
	for _, group := range groups {
		fmt.Fprintln(w, groupLine(group))
		for _, m := range group.Migrations {
			if group.Inactive != "" && m.Status == journal.NotStarted {
				waiting++
			} else {
				total[m.Status]++
			}
			printMigration(w, group.Name, m)
			owed = owed || len(m.Owed) > 0
			modified = modified || m.Modified
			missing = missing || m.Missing && !group.Unknown
			switch {
			case m.Status != journal.InProgress:
			case m.Missing:
				elsewhere = true
			case stuck == "":
				stuck = group.Name
			}
		}
	}
	all := total[journal.Completed] + total[journal.InProgress] + total[journal.NotStarted] + waiting
	fmt.Fprintf(w, "\n%s: %d completed, %d in progress, %d pending%s\n", count(all, "migration"),
		total[journal.Completed], total[journal.InProgress], total[journal.NotStarted], leftAlone(waiting))
	switch {
	case elsewhere:
		fmt.Fprintln(w, "next: skein resume, or skein reverse-in-progress, with the program that has the missing migration in progress")
	case stuck != "":
		fmt.Fprintf(w, "next: skein resume --group %[1]s, or skein reverse-in-progress --group %[1]s\n", stuck)
	case owed:
		fmt.Fprintln(w, "next: skein resume, when the nodes are back that are owed something")
	case modified:
		fmt.Fprintln(w, "next: skein repair shows what was edited, and accepts it; or put the files back as they were")
	case missing:
		fmt.Fprintln(w, "next: put back what is missing, or take back what it did: skein rollback")
	case total[journal.NotStarted] > 0:
		fmt.Fprintln(w, "next: skein plan, then skein migrate")
	}
}

// inactiveIndent puts why a group is left alone below what it is.
const inactiveIndent = "             "

// leftAlone says how many migrations would run if their groups were active.
func leftAlone(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d left alone", n)
}

func groupLine(group coordinator.GroupStatus) string {
	line := fmt.Sprintf("%-12s %s", group.Name, group.Readiness)
	if group.Unknown {
		line = fmt.Sprintf("%-12s not in this program", group.Name)
	}
	if group.Optional {
		line += ", optional"
	}
	if len(group.DependsOn) > 0 {
		line += ", after " + strings.Join(group.DependsOn, ", ")
	}
	if group.Inactive != "" {
		line += "\n" + inactiveIndent + "left alone: " + group.Inactive
	}
	return line
}

func printMigration(w io.Writer, group string, m coordinator.MigrationStatus) {
	box := map[journal.Status]string{
		journal.Completed: "[X]", journal.InProgress: "[-]", journal.NotStarted: "[ ]",
	}[m.Status]
	var marks []string
	add := func(yes bool, mark string) {
		if yes {
			marks = append(marks, mark)
		}
	}
	add(m.Head, "HEAD")
	add(m.Blocking && m.Status != journal.Completed, "blocking")
	add(m.Missing, "missing")
	add(m.Modified, "modified")
	add(m.Fake, "fake")
	add(m.Baseline, "baseline")
	at := ""
	switch {
	case m.Status == journal.InProgress:
		marks = append(marks, fmt.Sprintf("IN PROGRESS since %s, step %d of %d%s", m.Timestamp.Format(time.DateTime),
			min(m.Step, m.Steps), m.Steps, backwardMark(m.Direction)))
	case m.Timestamp != nil:
		at = m.Timestamp.Format(time.DateTime)
	}
	fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %s %-34s %-12s %s", box, m.ID, strings.Join(marks, ", "), at), " "))
	if len(m.Owed) > 0 {
		fmt.Fprintf(w, "        owed to %s: skein resume settles it when back\n", strings.Join(m.Owed, ", "))
	}
	if m.Error != "" {
		fmt.Fprintf(w, "        %s\n", indent(whyStopped(journal.Key{Group: group, ID: m.ID}, m.Error), "        "))
	}
}

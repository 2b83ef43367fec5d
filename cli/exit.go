package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// The exit codes. Scripts rely on them; docs/exit-codes.md says what to do on each.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2
	exitPreflight   = 3
	exitLocked      = 4
	exitInProgress  = 5
	exitDiffer      = 6
	exitInterrupted = 130
)

// exitCode maps an error. One from before a command has started is cobra's
// about the command line.
func exitCode(err error, started bool) int {
	var (
		usage       *journal.UsageError
		preflight   *journal.PreflightError
		inactive    *journal.InactiveReplicasError
		held        *journal.LockHeldError
		lost        *journal.LockLostError
		inProgress  *journal.InProgressError
		partial     *journal.PartialError
		differ      *journal.NodesDifferError
		interrupted *journal.InterruptedError
	)
	switch {
	case errors.As(err, &held), errors.As(err, &lost):
		return exitLocked
	case errors.As(err, &inProgress), errors.As(err, &partial):
		return exitInProgress
	case errors.As(err, &interrupted):
		if len(interrupted.InProgress) > 0 {
			return exitInProgress
		}
		return exitInterrupted
	case errors.As(err, &inactive), errors.As(err, &preflight):
		return exitPreflight
	case errors.As(err, &differ):
		return exitDiffer
	case errors.As(err, &usage), !started:
		return exitUsage
	}
	return exitError
}

// printError says what happened, where, what state things are in, and what to
// type next.
func (a *app) printError(err error, code int) {
	w := a.program.Stderr
	var (
		partial    *journal.PartialError
		inProgress *journal.InProgressError
		held       *journal.LockHeldError
		inactive   *journal.InactiveReplicasError
		lost       *journal.LockLostError
		differ     *journal.NodesDifferError
		stopped    *journal.InterruptedError
		unwell     *unwellError
	)
	switch {
	case errors.As(err, &lost):
		errors.As(err, &partial)
		printLost(w, lost, partial)
	case errors.As(err, &partial):
		for _, each := range partials(err) {
			printPartial(w, each)
		}
	case errors.As(err, &inProgress):
		printInProgress(w, inProgress)
	case errors.As(err, &stopped) && len(stopped.InProgress) > 0:
		fmt.Fprintf(w, "skein: %s\n", stopped)
		printWaysOut(w, stopped.InProgress[0].Group)
	case errors.As(err, &held):
		printHeld(w, held)
		if a.releasing {
			fmt.Fprintln(w, "it is alive: end that run, or take the lock from it: skein lock release --force")
		} else {
			fmt.Fprintln(w, "wait for it with --lock-wait 10m, or look: skein watch")
		}
	case code == exitDiffer && errors.As(err, &differ):
		return // the command's own output said it
	case code == exitUsage && a.checking:
		return // the same
	case code == exitPreflight && a.checking && errors.As(err, &unwell):
		return // the same
	case errors.As(err, &inactive):
		if a.checking {
			return // the command's own output said it
		}
		active := "active"
		if slices.ContainsFunc(inactive.Tables, canBeMended) {
			active = "active and in order"
		}
		fmt.Fprintf(w, "skein: not all replicas are %s, nothing was changed\n", active)
		printInactive(w, inactive)
		if slices.ContainsFunc(inactive.Tables, func(t journal.InactiveReplica) bool { return !canBeMended(t) }) {
			fmt.Fprintln(w, "Bring them back. One that was just started needs a while: skein check-inactive-replicas says when.\n"+
				"If a node stays dead: --without NODE goes on and owes it what it misses")
		}
	default:
		fmt.Fprintf(w, "skein: %s\n", err)
		if code == exitUsage && !a.started && !strings.Contains(err.Error(), "--help") {
			fmt.Fprintf(w, "see: %s --help\n", a.command)
		}
	}
}

// printLost leaves open how the migration stands: that is another run's matter.
func printLost(w io.Writer, lost *journal.LockLostError, partial *journal.PartialError) {
	fmt.Fprintf(w, "skein: %s\n", lost)
	if partial != nil {
		fmt.Fprintf(w, "%s was at step %d of %d\n", partial.Key, partial.Step, partial.Of)
		if partial.Text != "" {
			fmt.Fprintf(w, "  %s\n", indent(partial.Text, "  "))
		}
	}
	fmt.Fprintln(w, "Another run may have taken over. This one stopped, and sent and wrote nothing but\n"+
		"what was in flight. Look: skein lock status, skein list")
	if partial != nil && renames(partial) {
		fmt.Fprintln(w, renameCutOff)
	}
}

// renameCutOff is for servers before 19.15: what they do is in cluster/displaced.go.
const renameCutOff = "Without ZooKeeper, a RENAME may leave the data of a table in a folder of another name.\n" +
	"skein check-inactive-replicas sees it: do not restart a server before."

func renames(e *journal.PartialError) bool { return strings.HasPrefix(e.Text, "RENAME TABLE") }

// partials are the migrations that stopped half-way: several, where several ran at a time.
func partials(err error) []*journal.PartialError {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*journal.PartialError
		for _, each := range several.Unwrap() {
			out = append(out, partials(each)...)
		}
		return out
	}
	var partial *journal.PartialError
	if errors.As(err, &partial) {
		return []*journal.PartialError{partial}
	}
	return nil
}

func printPartial(w io.Writer, e *journal.PartialError) {
	fmt.Fprintf(w, "skein: %s stopped at step %d of %d and is left in progress\n", e.Key, e.Step, e.Of)
	if e.Text != "" {
		fmt.Fprintf(w, "  %s\n", indent(e.Text, "  "))
	}
	// Those that are done first, then the others, a line for all that say the same.
	said := journal.Alike(e.Hosts)
	slices.SortStableFunc(said, func(a, b []journal.HostOutcome) int {
		return strings.Compare(afterDone(a[0]), afterDone(b[0]))
	})
	for _, alike := range said {
		first, nodes := alike[0], make([]string, len(alike))
		for i, host := range alike {
			nodes[i] = host.Node
		}
		text := first.Error
		if first.Code != 0 {
			text = fmt.Sprintf("%d %s", first.Code, strings.TrimPrefix(text, fmt.Sprintf("Code: %d, e.displayText() = ", first.Code)))
		}
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-9s %s  %s", first.Outcome, strings.Join(nodes, "  "), text), " "))
	}
	saysWhy := slices.ContainsFunc(e.Hosts, func(h journal.HostOutcome) bool {
		return h.Outcome == journal.Unknown || h.Outcome == journal.Failed
	})
	if e.Cause != nil && !saysWhy {
		fmt.Fprintf(w, "  %s\n", indent(e.Cause.Error(), "  "))
	}
	if slices.ContainsFunc(e.Hosts, func(h journal.HostOutcome) bool { return h.Outcome == journal.Unknown }) {
		fmt.Fprintln(w, "What is unknown may happen yet, when the node is back: wait for it before you go on.")
		if !renames(e) { // no replica does it for another, and what the RENAME may have left is lost by it
			fmt.Fprintln(w, "A replica that is active and stays behind its neighbours: SYSTEM RESTART REPLICA of the table, there.")
		}
	}
	if renames(e) {
		says := func(code int, text string) bool {
			return slices.ContainsFunc(e.Hosts, func(h journal.HostOutcome) bool { return h.Code == code && strings.Contains(h.Error, text) })
		}
		switch {
		case says(84, "Target path already exists"):
			fmt.Fprintln(w, "If no table has the folder that is in the way, a RENAME that was cut off has left it there before the\n"+
				"server was restarted. Its data may be all that is left of the table's: look, and move it elsewhere.")
		case says(999, ""), says(242, ""):
			fmt.Fprintln(w, renameCutOff)
		}
	}
	if e.Key.Group == migration.System {
		// The state tables themselves: what is missing is made, or dropped, again.
		fmt.Fprintln(w, "To go on: the same command again")
		return
	}
	printWaysOut(w, e.Key.Group)
	if silent := silentNodes(e.Hosts); len(silent) > 0 && len(silent) < len(e.Hosts) {
		fmt.Fprintf(w, "To go on without %s: skein resume --group %s --without %s\n",
			itOrThem(silent), e.Key.Group, strings.Join(silent, " --without "))
	}
}

// afterDone sorts what is not done behind what is.
func afterDone(h journal.HostOutcome) string {
	if h.Outcome == journal.Done {
		return ""
	}
	return "later"
}

// silentNodes are those of which nothing was heard. One that is heard, such as one
// whose mutation fails, is no node to go on without.
func silentNodes(hosts []journal.HostOutcome) []string {
	var out []string
	for _, host := range hosts {
		silent := strings.Contains(host.Error, "no answer") || strings.Contains(host.Error, "does not answer")
		if host.Outcome == journal.Unknown && host.Code == 0 && silent {
			out = append(out, host.Node)
		}
	}
	return out
}

func itOrThem(nodes []string) string {
	if len(nodes) == 1 {
		return "it"
	}
	return "them"
}

func printInProgress(w io.Writer, e *journal.InProgressError) {
	for _, entry := range e.Entries {
		fmt.Fprintf(w, "skein: %s is in progress since %s, step %d of %d (%s, %s)\n", entry.Key,
			entry.Timestamp.UTC().Format(time.DateTime), min(entry.Step, entry.Steps), entry.Steps, entry.Direction, entry.AppliedBy)
		if entry.Error != "" {
			fmt.Fprintf(w, "  %s\n", indent(whyStopped(entry.Key, entry.Error), "  "))
		}
	}
	fmt.Fprintln(w, "Nothing was changed.")
	printWaysOut(w, e.Entries[0].Group)
}

// whyStopped is what a row says that its migration stopped at, below a line that has
// its name and step: the statement, and then what became of it on which nodes.
func whyStopped(key journal.Key, text string) string {
	rest, ours := strings.CutPrefix(text, key.String()+" stopped at step ")
	_, rest, more := strings.Cut(rest, " (")
	if !ours || !more {
		return text
	}
	for _, next := range []string{"); failed on ", "); unknown on ", "): "} {
		if statement, why, ok := strings.Cut(rest, next); ok {
			return statement + "\n" + strings.TrimLeft(next, "):; ") + why
		}
	}
	return text
}

// printWaysOut says what can be done about a migration in progress.
func printWaysOut(w io.Writer, group string) {
	fmt.Fprintf(w, "To finish it: skein resume --group %s\n", group)
	fmt.Fprintf(w, "To go back instead: skein reverse-in-progress --group %s\n", group)
}

func printHeld(w io.Writer, e *journal.LockHeldError) {
	fmt.Fprintln(w, "skein: another run holds the lock")
	printHolder(w, e.Holder)
}

func printInactive(w io.Writer, e *journal.InactiveReplicasError) {
	for _, table := range e.Tables {
		if table.Table == "" {
			fmt.Fprintf(w, "%s\n", table.Cluster)
		} else {
			fmt.Fprintf(w, "%s  %s.%s  %s active\n", table.Cluster, table.Database, table.Table, table.Counted())
		}
		for _, node := range table.Nodes {
			fmt.Fprintf(w, "    %s  %s\n", node.Node, node.Why)
			if node.Remedy != "" {
				fmt.Fprintf(w, "    To mend it, there: %s\n", node.Remedy)
			}
		}
	}
	have := "have"
	if len(e.Tables) == 1 {
		have = "has"
	}
	what := "inactive replicas"
	if slices.ContainsFunc(e.Tables, canBeMended) {
		what = "replicas that are inactive or not in order"
	}
	fmt.Fprintf(w, "%d of %s %s %s\n", len(e.Tables), count(e.Checked, "replicated table"), have, what)
}

// canBeMended says that statements are known that do it.
func canBeMended(t journal.InactiveReplica) bool {
	return slices.ContainsFunc(t.Nodes, func(n journal.InactiveDetail) bool { return n.Remedy != "" })
}

func indent(text, by string) string { return strings.ReplaceAll(text, "\n", "\n"+by) }

package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// printer writes the stream of events as text for people, on stderr.
type printer struct {
	w              io.Writer
	verbose, quiet bool
	// live: bars show what is waited for. Lines would only push away what stays.
	live bool
	// lanes: several migrations go on at once, so that each line says of which it is.
	lanes bool

	mu       sync.Mutex
	warnings bool
}

func (a *app) printer() *printer {
	return &printer{w: a.program.Stderr, verbose: a.verbose, quiet: a.quiet}
}

// line prints a line about a migration, below its name or beside it.
func (p *printer) line(key journal.Key, indent int, format string, args ...any) {
	text := strings.TrimRight(fmt.Sprintf(format, args...), " ")
	if p.lanes {
		fmt.Fprintf(p.w, "%-26s  %s\n", key, text)
		return
	}
	fmt.Fprintf(p.w, "%s%s\n", strings.Repeat(" ", indent), text)
}

// The columns of a summary, below and beside the name of its migration.
const (
	summaryBelow  = 52
	summaryBeside = 34
)

// summary fills its column.
func (p *printer) summary(text string) string {
	width := summaryBelow
	if p.lanes {
		width = summaryBeside
	}
	return fmt.Sprintf("%-*s", width, text)
}

func (p *printer) close() {}

// event prints one event. It is a journal.Sink.
func (p *printer) event(event journal.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if warning, ok := event.(journal.Warning); ok {
		fmt.Fprintf(p.w, "skein: warning: %s\n", warning.Text)
		return
	}
	if p.quiet {
		if e, ok := event.(journal.LockAcquired); ok && e.Unlocked {
			p.lock(e) // a warning too, given each time
		}
		return
	}
	switch e := event.(type) {
	case journal.LockAcquired:
		p.lock(e)
	case journal.LockWaiting:
		fmt.Fprintf(p.w, "%-15s held by %s (%s@%s, %s), waiting up to %s\n", "lock", e.Holder.RunID,
			e.Holder.User, e.Holder.Host, e.Holder.Command, e.Limit)
	case journal.PreflightPassed:
		fmt.Fprintf(p.w, "%-15s %s: %s, all active\n", "preflight", strings.Join(e.Clusters, ", "),
			count(e.ReplicatedTables, "replicated table"))
	case journal.MigrationStarted:
		if p.lanes {
			p.line(e.Key, 0, "begins, %s%s", count(e.Steps, "step"), backwardMark(e.Direction))
			return
		}
		fmt.Fprintf(p.w, "%s%s\n", e.Key, backwardMark(e.Direction))
	case journal.OperationSkipped:
		p.line(e.Key, 2, "%s", e.Text)
	case journal.MigrationFailed:
		if p.lanes { // what it stopped at is told when the others are at their end
			p.line(e.Key, 0, "stopped at step %d of %d; what is under way goes on to its end", e.Step, e.Of)
		}
	case journal.MigrationFinished:
		p.finished(e)
	default:
		p.statement(event)
	}
}

func (p *printer) statement(event journal.Event) {
	switch event.(type) {
	case journal.Waiting, journal.MutationProgress, journal.Retrying:
		if p.live && !p.verbose {
			return
		}
	}
	switch e := event.(type) {
	case journal.StatementSent:
		if p.verbose {
			p.line(e.Key, 2, "%d/%d %s\n      %s", e.Step, e.Of, e.Summary, indent(e.Text, "      "))
		}
	case journal.HostFinished:
		if p.verbose {
			p.line(e.Key, 6, "%-9s %s  %s", e.Host.Outcome, e.Host.Node, e.Host.Error)
		}
	case journal.Waiting:
		p.line(e.Key, 6, "waiting: %s   %s%s", e.Reason, clock(e.Since), limit(e.Limit))
	case journal.MutationProgress:
		p.line(e.Key, 6, "%s mutates %s (%s): %s to do   %s", e.Node, e.Table, e.MutationID, count(e.PartsToDo, "part"), clock(e.Since))
	case journal.Retrying:
		p.line(e.Key, 6, "again in %s on %s: %s", e.In.Round(time.Millisecond), strings.Join(e.Nodes, ", "), e.Why)
	case journal.Converged:
		p.line(e.Key, 2, "%d/%d %s %s  %s", e.Step, e.Of, p.summary(e.Summary), nodes(e.Nodes), took(e.Took))
	case journal.StepSkipped:
		p.line(e.Key, 2, "%d/%d %s\n      skipped: %s", e.Step, e.Of, e.Summary, e.Why)
	}
}

func (p *printer) lock(e journal.LockAcquired) {
	if e.Unlocked {
		fmt.Fprintf(p.w, "skein: warning: coordination.lock is none: nothing keeps another run out\n")
		return
	}
	fmt.Fprintf(p.w, "%-15s held by run %s  (epoch %d)\n", "lock", e.Run.ID, e.Run.Epoch)
}

func (p *printer) finished(e journal.MigrationFinished) {
	what := "completed"
	if e.Direction == journal.Backward {
		what = "reversed"
	}
	if e.Fake {
		if !p.lanes {
			fmt.Fprintf(p.w, "%s%s\n", e.Key, backwardMark(e.Direction))
		}
		p.line(e.Key, 2, "marked %s, nothing was run", strings.ReplaceAll(string(e.Status), "_", " "))
		return
	}
	p.line(e.Key, 2, "%s              %s", p.summary(what), took(e.Took))
}

func backwardMark(d journal.Direction) string {
	if d == journal.Backward {
		return "  (backward)"
	}
	return ""
}

func nodes(n int) string { return fmt.Sprintf("%-8s", count(n, "node")) }

// count writes "1 node", "4 nodes", "2 migrations": good for what skein counts.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func took(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }

func clock(d time.Duration) string {
	d = d.Round(time.Second)
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// limit is left out of a wait that has none.
func limit(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return " / " + clock(d)
}

// keys lists migrations for a last line.
func keys(list []journal.Key) string {
	names := make([]string, len(list))
	for i, key := range list {
		names[i] = key.String()
	}
	return strings.Join(slices.Compact(names), ", ")
}

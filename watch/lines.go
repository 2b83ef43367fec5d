package watch

import (
	"fmt"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Lines are a snapshot for a terminal of so many columns, 20 at least.
func (s Snapshot) Lines(columns int) []Line {
	p := &page{width: max(columns, 20)}
	s.run(p)
	for _, u := range s.Unread {
		p.text("", Span{Bad, u.What + " gave no answer for " + ago(time.Duration(u.For)) + because(u.Why)})
	}
	for _, m := range s.Migrations {
		s.migration(p, m)
	}
	if len(s.Migrations) == 0 && s.read("the state") {
		p.blank()
		p.text("", Span{Plain, fmt.Sprintf("No migration is in progress, %d completed.", s.Completed)})
	}
	s.mutations(p)
	s.queue(p)
	s.queries(p)
	s.nodes(p)
	return p.lines
}

// because leaves out a reason that says no more than that there was no answer.
func because(why string) string {
	if why == "" || strings.HasPrefix(why, "no answer") {
		return ""
	}
	return ": " + why
}

func (s Snapshot) read(what string) bool {
	for _, u := range s.Unread {
		if u.What == what {
			return false
		}
	}
	return true
}

// run says who runs, since when, and which command.
func (s Snapshot) run(p *page) {
	holder := s.Lock.Holder
	switch {
	case holder == nil && s.Lock.Known:
		p.text("", Span{Strong, "No run lives: the lock is free."})
	case holder == nil && s.Lock.Kind == "none":
		p.text("", Span{Busy, "coordination.lock is none: whether a run lives cannot be known."})
	case holder == nil:
		p.text("", Span{Busy, "Whether a run lives is not known: the lock was not read."})
	}
	r := s.Run
	if r == nil {
		return
	}
	if r.Life == Alive {
		text := fmt.Sprintf("alive, holds the lock since %s (%s)", clock(r.Since, s.At), ago(s.At.Sub(r.Since)))
		if r.Epoch > 0 {
			text += fmt.Sprintf(", epoch %d", r.Epoch)
		}
		p.text("", Span{Strong, "run " + r.ID}, Span{Good, text})
	} else {
		tone := Bad
		if r.Ending == journal.EndedCompleted {
			tone = Good
		}
		p.text("", Span{Plain, "the last: run " + r.ID}, Span{tone, r.how(s.At)})
	}
	who := r.By
	if r.PID > 0 {
		who += fmt.Sprintf(", pid %d", r.PID)
	}
	p.text("  ", Span{Plain, strings.TrimPrefix(who+": "+r.Command, ": ")})
	if r.Done > 0 {
		p.text("  ", Span{Plain, count(r.Done, "migration") + " finished"})
	}
	if r.Error != "" && len(s.Migrations) == 0 { // which says it
		p.column(Line{{Plain, "  "}}, 3, Span{Bad, r.Error})
	}
}

// how it ended.
func (r *Run) how(now time.Time) string {
	began := "begun " + clock(r.Since, now) + " (" + ago(now.Sub(r.Since)) + " ago)"
	switch {
	case r.Ended != nil:
		return fmt.Sprintf("%s at %s (%s ago)", r.Ending, clock(*r.Ended, now), ago(now.Sub(*r.Ended)))
	case r.Life == Gone:
		return began + ", no end is recorded: it was killed, or lost its connections"
	}
	return began + ", no end is recorded: it may live"
}

func (s Snapshot) migration(p *page, m Migration) {
	p.blank()
	text, tone := "", Busy
	if m.Direction == journal.Backward {
		text = "backward, "
	}
	text += fmt.Sprintf("step %d of %d", m.Step, m.Steps)
	switch {
	case m.Converged:
		text += " done everywhere"
	case m.Life == Gone:
		text, tone = text+", stopped there", Bad
	}
	if m.From > 0 && m.Life != Alive {
		text += fmt.Sprintf(" (resume looks from step %d on)", m.From)
	}
	text += fmt.Sprintf(", begun %s (%s ago)", clock(m.Since, s.At), ago(s.At.Sub(m.Since)))
	p.text("", Span{Strong, m.Key.String()}, Span{tone, text})
	if m.Statement == "" {
		p.text("  ", Span{Faint, "its statement is not in the audit trail yet"})
	} else {
		p.column(Line{{Plain, "  "}}, 5, Span{Plain, m.Statement})
	}
	if m.Sent != nil {
		p.text("  ", Span{Faint, fmt.Sprintf("%s, sent %s ago", whither(m.Whither), ago(s.At.Sub(*m.Sent)))})
	}
	s.nodeStates(p, m)
	if m.Waiting != "" {
		p.column(Line{{Plain, "  "}, {Strong, "waits "}}, 4, Span{Busy, ago(s.At.Sub(*m.WaitsFrom)) + ": " + m.Waiting})
	}
	if m.Error != "" {
		p.column(Line{{Plain, "  "}, {Strong, "error "}}, 6, Span{Bad, m.Error})
	}
	s.next(p, m)
}

// next is what to type; a command that does not fit beside its purpose is on lines
// of its own, to be copied whole.
func (s Snapshot) next(p *page, m Migration) {
	for _, next := range m.Next {
		head, command := "  "+plain(next.To)+": ", plain(next.Command)
		if len(head)+len(command) < p.width {
			p.lines = append(p.lines, Line{{Plain, head}, {Strong, command}})
			continue
		}
		p.text("  ", Span{Plain, next.To + ":"})
		p.text("    ", Span{Strong, command})
	}
	if s.Run != nil && s.Run.Life == Alive && m.Run != s.Run.ID {
		p.text("  ", Span{Plain, "run " + m.Run + " left it so; the run above may go on with it"})
	}
}

func whither(text string) string {
	if strings.HasPrefix(text, "ON CLUSTER") {
		return text
	}
	return "to " + text
}

func (s Snapshot) nodeStates(p *page, m Migration) {
	names, times := 0, 0
	for _, n := range m.Nodes {
		names = max(names, len(n.Node))
		if n.For > 0 {
			times = max(times, len(ago(time.Duration(n.For))))
		}
	}
	for _, n := range m.Nodes {
		head := Line{{Plain, "  "}, {toneOf(n.State), fmt.Sprintf("%-8s ", n.State)}}
		lasted := ""
		if n.For > 0 {
			lasted = ago(time.Duration(n.For))
		}
		name := plain(n.Node)
		if lasted != "" || n.Reason != "" {
			name = fmt.Sprintf("%-*s  %-*s  ", names, name, times, lasted)
		}
		p.column(append(head, Span{Plain, name}), 4, Span{Plain, n.Reason})
	}
}

func toneOf(state journal.Outcome) Tone {
	switch state {
	case journal.Done, journal.Skipped:
		return Good
	case Waiting:
		return Busy
	}
	return Bad
}

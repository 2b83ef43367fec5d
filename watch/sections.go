package watch

import (
	"fmt"
	"strings"
	"time"
)

func (s Snapshot) mutations(p *page) {
	if len(s.Mutations) == 0 {
		return
	}
	p.blank()
	p.text("", Span{Strong, "Mutations"})
	for _, m := range s.Mutations {
		text := count(m.PartsToDo, "part") + " to do"
		if m.Since != nil {
			text += ", for " + ago(s.At.Sub(*m.Since))
		}
		switch {
		case m.Failure != "":
		case m.Left > 0:
			text += ", about " + ago(time.Duration(m.Left)) + " left"
		default:
			text += ", no estimate yet"
		}
		p.text("  ", Span{Plain, m.Node}, Span{Plain, m.Table}, Span{Busy, text})
		p.column(Line{{Plain, "    "}}, 2, Span{Faint, m.ID + " " + m.Command})
		if m.Failure != "" {
			p.column(Line{{Plain, "    "}, {Strong, "fails "}}, 4, Span{Bad, m.Failure})
		}
	}
}

func (s Snapshot) queue(p *page) {
	if len(s.Queue) == 0 {
		return
	}
	p.blank()
	p.text("", Span{Strong, "Distributed DDL, unfinished"})
	for _, e := range s.Queue {
		head := "  " + e.Name
		if e.Since != nil {
			head += "  " + ago(s.At.Sub(*e.Since))
		}
		p.column(Line{{Plain, head + "  "}}, 2, Span{Faint, e.Query})
		byState := map[HostState][]string{}
		for _, host := range e.Hosts {
			byState[host.State] = append(byState[host.State], host.Node)
		}
		for _, state := range []HostState{HostFinished, HostActive, HostWaiting} {
			if hosts := byState[state]; len(hosts) > 0 {
				tone := Busy
				if state == HostFinished {
					tone = Good
				}
				p.column(Line{{Plain, "    "}, {tone, fmt.Sprintf("%-10s", state)}}, 0, Span{Plain, strings.Join(hosts, " ")})
			}
		}
		for _, host := range e.Hosts {
			if host.Error != "" {
				p.column(Line{{Plain, "    "}, {Bad, "failed    "}}, 3, Span{Plain, host.Node}, Span{Bad, host.Error})
			}
		}
	}
}

func (s Snapshot) queries(p *page) {
	if len(s.Queries) == 0 {
		return
	}
	p.blank()
	p.text("", Span{Strong, "Statements that run now"})
	for _, q := range s.Queries {
		p.column(Line{{Plain, "  " + plain(q.Node) + "  " + ago(time.Duration(q.Elapsed)) + "  "}}, 2, Span{Plain, q.Text})
		p.column(Line{{Plain, "    "}}, 2, Span{Faint, q.ID})
	}
}

// nodes names those that do not answer, and counts the others.
func (s Snapshot) nodes(p *page) {
	p.blank()
	silent := 0
	for _, n := range s.Nodes {
		if n.Silent > 0 {
			silent++
		}
	}
	switch {
	case len(s.Nodes) == 0:
		p.text("", Span{Busy, "The nodes are not known yet."})
	case silent == 0:
		p.text("", Span{Plain, allAnswer(len(s.Nodes))})
	default:
		p.text("", Span{Strong, fmt.Sprintf("%d of %s answer", len(s.Nodes)-silent, count(len(s.Nodes), "node"))})
	}
	for _, n := range s.Nodes {
		if n.Silent == 0 {
			continue
		}
		p.text("  ", Span{Plain, n.Node}, Span{Bad, "no answer for " + ago(time.Duration(n.Silent)) + because(n.Why)})
	}
}

func allAnswer(n int) string {
	if n == 1 {
		return "1 node, it answers"
	}
	return fmt.Sprintf("%d nodes, all answer", n)
}

package watch

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
)

// states are "done", "waiting why", … by node.
func states(m Migration) map[string]string {
	out := map[string]string{}
	for _, n := range m.Nodes {
		out[n.Node] = strings.TrimSpace(string(n.State) + " " + n.Reason)
	}
	return out
}

func only(t *testing.T, p Parts) Migration {
	t.Helper()
	s := Of(p)
	if len(s.Migrations) != 1 {
		t.Fatalf("%d migrations", len(s.Migrations))
	}
	return s.Migrations[0]
}

// What is heard from a node now counts for more than what the run wrote down.
func TestHowNodesStand(t *testing.T) {
	sent := func(p Parts, whither, text string) Parts {
		p = held(p)
		p.State.InProgress = []journal.Entry{row(add, 1, 3, "ch-1a:9000", "ch-1b:9000", "ch-2a:9000", "ch-2b:9000")}
		p.State.Records[add] = append(began("", add, 3),
			journal.Record{Key: add, RunID: runID, Seq: 4, At: ago2(20 * time.Second), Outcome: journal.TrailSent, Step: 1, Error: whither, Statement: text})
		return p
	}
	answer := func(p Parts, node string, outcome journal.Outcome, text string) Parts {
		p.State.Records[add] = append(p.State.Records[add], journal.Record{
			Key: add, RunID: runID, Seq: 5, At: ago2(19 * time.Second), Outcome: outcome, Step: 1, Node: node, Error: text,
		})
		return p
	}
	over := func(p Parts, text string) Parts {
		p.Lock.Holder = nil
		p.State.InProgress[0].Error = text
		return p
	}
	for name, test := range map[string]struct {
		parts Parts
		want  map[string]string
	}{
		"direct": {
			func() Parts {
				p := answer(sent(answering(), "4 nodes", addText), "ch-1a:9000", journal.Done, "")
				p.Nodes["ch-1b:9000"] = Doing{Queries: []Query{{ID: "skein-" + runID + "-" + add.String() + "-1-ch-1b:9000-7", Elapsed: Duration(time.Second)}}}
				p.Nodes["ch-2a:9000"] = Doing{Queries: []Query{{ID: "skein-" + runID + "-" + add.String() + "-2-ch-2a:9000-7"}}} // of another step
				p.Pulses["ch-2b:9000"] = Pulse{Answered: ago2(9 * time.Second), Why: "no answer in 3s"}
				return p
			}(),
			map[string]string{"ch-1a:9000": "done", "ch-1b:9000": "waiting runs it", "ch-2a:9000": "waiting", "ch-2b:9000": "unknown no answer"},
		},
		"of a step without a row": {
			func() Parts {
				p := answer(sent(answering(), "4 nodes", addText), "ch-1a:9000", journal.Done, "")
				p.State.InProgress[0].PendingNodes = nil
				return p
			}(),
			map[string]string{"ch-1a:9000": "done", "ch-1b:9000": "waiting", "ch-2a:9000": "waiting", "ch-2b:9000": "waiting"},
		},
		"refused": {
			answer(sent(answering(), "4 nodes", addText), "ch-1a:9000", journal.Failed, "no right"),
			map[string]string{"ch-1a:9000": "failed no right", "ch-1b:9000": "waiting", "ch-2a:9000": "waiting", "ch-2b:9000": "waiting"},
		},
		"converging": {
			func() Parts {
				p := answer(sent(answering(), "4 nodes", addText), "ch-1a:9000", journal.Done, "")
				p.State.Records[add] = append(p.State.Records[add], journal.Record{
					Key: add, RunID: runID, Seq: 6, At: ago2(time.Second), Outcome: journal.TrailWaiting, Step: 1,
					Error: "ch-1a:9000: column n is not there; ch-2b:9000: table t is not there",
				})
				return p
			}(),
			map[string]string{
				"ch-1a:9000": "waiting column n is not there", "ch-1b:9000": "waiting", "ch-2a:9000": "waiting", "ch-2b:9000": "waiting table t is not there",
			},
		},
		"frozen after its answer": {
			func() Parts {
				p := answer(sent(answering(), "4 nodes", addText), "ch-1a:9000", journal.Done, "")
				p = answer(p, "ch-1b:9000", journal.Done, "")
				p.State.Records[add] = append(p.State.Records[add], journal.Record{
					Key: add, RunID: runID, Seq: 6, At: ago2(time.Second), Outcome: journal.TrailWaiting, Step: 1,
					Error: "ch-1a:9000: does not answer: no answer in 3s",
				})
				for _, node := range []string{"ch-1a:9000", "ch-1b:9000"} { // of the second it has heard enough
					p.Pulses[node] = Pulse{Answered: ago2(9 * time.Second), Why: "no answer in 3s"}
				}
				return p
			}(),
			map[string]string{
				"ch-1a:9000": "unknown no answer; it had said that it is done", "ch-1b:9000": "done", "ch-2a:9000": "waiting", "ch-2b:9000": "waiting",
			},
		},
		"frozen after its answer, and the run killed": {
			func() Parts {
				p := over(answer(sent(answering(), "1 node", addText), "ch-1a:9000", journal.Done, ""), "")
				p.State.InProgress[0].PendingNodes = nil
				p.Pulses["ch-1a:9000"] = Pulse{Answered: ago2(9 * time.Second), Why: "no answer in 3s"}
				return p
			}(),
			map[string]string{"ch-1a:9000": "unknown no answer; it had said that it is done"},
		},
		"the queue knows more than the trail": {
			func() Parts {
				p := sent(answering(), "ON CLUSTER events_cluster, 4 nodes", addText)
				p.Queue["events"] = []Entry{
					{Name: "query-1", Query: "CREATE TABLE default.transactions_local ON CLUSTER c", Hosts: []EntryHost{{Node: "ch-1a:9000", State: HostWaiting}}},
					{Name: "query-2", Query: "ALTER TABLE `default`.transactions_local ON CLUSTER c ADD COLUMN x", Hosts: []EntryHost{
						{Node: "ch-1a:9000", State: HostFinished},
						{Node: "ch-1b:9000", State: HostFinished, Error: "no such table"},
						{Node: "ch-2a:9000", State: HostActive},
						{Node: "ch-2b:9000", State: HostWaiting},
					}},
				}
				return p
			}(),
			map[string]string{
				"ch-1a:9000": "done", "ch-1b:9000": "failed no such table",
				"ch-2a:9000": "waiting distributed DDL query-2 running", "ch-2b:9000": "waiting distributed DDL query-2 not begun",
			},
		},
		"killed": {
			over(answer(sent(answering(), "4 nodes", addText), "ch-1a:9000", journal.Failed, "no right"), ""),
			map[string]string{
				"ch-1a:9000": "failed no right", "ch-1b:9000": "unknown the run ended before its answer was written down",
				"ch-2a:9000": "unknown the run ended before its answer was written down", "ch-2b:9000": "unknown the run ended before its answer was written down",
			},
		},
		"the row says where it is missing": {
			func() Parts {
				p := over(sent(answering(), "ON CLUSTER events_cluster, 4 nodes", addText), "it failed")
				p.State.InProgress[0].PendingNodes = []string{"ch-2a:9000"}
				return p
			}(),
			map[string]string{
				"ch-1a:9000": "done", "ch-1b:9000": "done",
				"ch-2a:9000": "unknown the run ended before its answer was written down", "ch-2b:9000": "done",
			},
		},
		"sent again": {
			func() Parts {
				p := answer(sent(answering(), "4 nodes", addText), "ch-1a:9000", journal.Failed, "no right")
				p.State.Records[add] = append(p.State.Records[add], journal.Record{
					Key: add, RunID: runID, Seq: 9, At: ago2(time.Second), Outcome: journal.TrailSent, Step: 1, Error: "4 nodes", Statement: addText,
				})
				return p
			}(),
			map[string]string{"ch-1a:9000": "waiting", "ch-1b:9000": "waiting", "ch-2a:9000": "waiting", "ch-2b:9000": "waiting"},
		},
	} {
		if diff := cmp.Diff(test.want, states(only(t, test.parts))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A run of another time, and another one's rows, are not this one's.
func TestOnlyTheLastRunCounts(t *testing.T) {
	p := frozen()
	p.State.Records[add] = append([]journal.Record{
		{Key: add, RunID: "EARLIER", Outcome: journal.TrailSent, Step: 3, Statement: "DROP TABLE x", At: ago2(time.Hour)},
		{Key: add, RunID: runID, Outcome: journal.TrailStarted, Step: 3, At: ago2(time.Hour)},
		{Key: add, RunID: runID, Outcome: journal.TrailSent, Step: 3, Statement: "DROP TABLE x", At: ago2(time.Hour)},
	}, p.State.Records[add]...)
	if m := only(t, p); m.Step != 2 || m.Statement != addText {
		t.Errorf("have step %d, %s", m.Step, m.Statement)
	}
}

// To go on without nodes is offered where every shard keeps one, and nowhere else.
func TestWithoutIsOfferedWhereItIsAllowed(t *testing.T) {
	for _, test := range []struct {
		silent []string
		single bool
		want   string
	}{
		{nil, false, ""},
		{[]string{"ch-2b:9000"}, false, "skein resume --group transactions --without ch-2b:9000"},
		{[]string{"ch-1a:9000", "ch-2b:9000"}, false, "skein resume --group transactions --without ch-1a:9000 --without ch-2b:9000"},
		{[]string{"ch-2a:9000", "ch-2b:9000"}, false, ""}, // the shard would have none
		{[]string{"ch-2b:9000"}, true, ""},
	} {
		p := killed()
		p.Clusters[0].SingleNode = test.single
		for _, n := range nodes() {
			p.Pulses[n.Name()] = Pulse{Answered: noon}
		}
		for _, name := range test.silent {
			p.Pulses[name] = Pulse{Why: "no answer"}
		}
		have := ""
		for _, next := range only(t, p).Next {
			if strings.Contains(next.Command, "--without") {
				have = next.Command
			}
		}
		if have != test.want {
			t.Errorf("%v silent: %q, want %q", test.silent, have, test.want)
		}
	}
}

// While a run lives, or may live, nobody is told to start another.
func TestNothingIsToBeTypedWhileARunLives(t *testing.T) {
	p := killed()
	p.Lock.Holder = &journal.Holder{RunID: "ANOTHER", Since: noon}
	if m := only(t, p); len(m.Next) > 0 {
		t.Errorf("have %v", m.Next)
	}
	if text := Of(p).Text(); !strings.Contains(text, "the run above may go on with it") {
		t.Errorf("have %s", text)
	}
	if m := only(t, frozen()); len(m.Next) > 0 {
		t.Errorf("have %v", m.Next)
	}
	p.Lock = Lock{Kind: "none"}
	if m := only(t, p); m.Life != Unclear {
		t.Errorf("without a lock it is %s", m.Life)
	}
}

func TestSubjects(t *testing.T) {
	for _, same := range [][2]string{
		{"CREATE TABLE IF NOT EXISTS `default`.`t` ON CLUSTER 'c' (id UInt64)", "CREATE TABLE default.t ON CLUSTER c (`id` UInt64) ENGINE = Memory"},
		{"CREATE TABLE `t`(`id` UInt64)", "CREATE TABLE default.t ON CLUSTER c"},
		{"CREATE MATERIALIZED VIEW `a`.`v` TO b", "CREATE MATERIALIZED VIEW a.v ON CLUSTER c TO b"},
		{"DROP TABLE IF EXISTS `a`.`t`", "drop table a.t ON CLUSTER c"},
	} {
		if a, b := subjectOf(same[0]), subjectOf(same[1]); a != b || a.name == "" {
			t.Errorf("%v and %v", a, b)
		}
	}
	if subjectOf("ALTER TABLE a.t ADD COLUMN x Int8") == subjectOf("ALTER TABLE a.u ADD COLUMN x Int8") {
		t.Error("two tables are taken for one")
	}
	if subjectOf("SELECT 1") != (subject{}) {
		t.Error("it is about nothing")
	}
}

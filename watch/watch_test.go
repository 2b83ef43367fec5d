package watch

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	add  = journal.Key{Group: "transactions", ID: "0001_create_transactions"}
	fill = journal.Key{Group: "events", ID: "0004_backfill"}
)

const (
	addText  = "ALTER TABLE `default`.`transactions_local` ON CLUSTER 'events_cluster' ADD COLUMN `trace_id` UUID"
	fillText = "ALTER TABLE `default`.`events_local` UPDATE project_id = cityHash64(project_name), project_name = lower(project_name) WHERE project_id = 0"
	runID    = "01KAG3W2M8Q0V7T5Z9X1C3B4D6"
)

func ago2(d time.Duration) time.Time { return noon.Add(-d) }

func since(d time.Duration) *time.Time { at := ago2(d); return &at }

func nodes() []journal.Node {
	return []journal.Node{
		{Host: "ch-1a", Port: 9000, Shard: 1, Replica: 1},
		{Host: "ch-1b", Port: 9000, Shard: 1, Replica: 2},
		{Host: "ch-2a", Port: 9000, Shard: 2, Replica: 1},
		{Host: "ch-2b", Port: 9000, Shard: 2, Replica: 2},
	}
}

// answering has all nodes answer half a second ago.
func answering() Parts {
	p := Parts{
		At: noon, Began: ago2(time.Minute), Lock: Lock{Kind: "zookeeper", Known: true},
		State:    State{Read: true, Completed: 12, Records: map[journal.Key][]journal.Record{}},
		Clusters: []Cluster{{Name: "events", Local: nodes(), Dist: nodes(), LocalName: "events_cluster", DistName: "events_dist"}},
		Nodes:    map[string]Doing{}, Pulses: map[string]Pulse{}, Queue: map[string][]Entry{}, Trends: map[string]Trend{},
		Sources: map[string]Pulse{"the state": {Answered: ago2(time.Second)}, "the lock": {Answered: ago2(time.Second)}},
	}
	for _, n := range nodes() {
		p.Pulses[n.Name()] = Pulse{Answered: ago2(time.Second / 2)}
	}
	return p
}

func held(p Parts) Parts {
	p.Lock.Holder = &journal.Holder{
		RunID: runID, User: "deploy", Host: "ci-7", PID: 4121, Command: "skein migrate", Since: ago2(131 * time.Second),
	}
	p.State.Last = began("skein migrate --group transactions", add, 3)
	return p
}

func began(command string, key journal.Key, steps int) []journal.Record {
	return []journal.Record{
		{RunID: runID, Seq: 1, At: ago2(131 * time.Second), Node: "deploy@ci-7", Outcome: journal.TrailRunStarted, Error: "epoch 17", Statement: command},
		{Key: key, RunID: runID, Seq: 3, At: ago2(130 * time.Second), Outcome: journal.TrailStarted, Step: steps, Direction: journal.Forward},
	}
}

func row(key journal.Key, step, steps int, pending ...string) journal.Entry {
	return journal.Entry{
		Key: key, Timestamp: ago2(130 * time.Second), Status: journal.InProgress, Direction: journal.Forward, RunID: runID, Epoch: 17,
		Step: step, Steps: steps, PendingNodes: pending, AppliedBy: "deploy@ci-7",
	}
}

// frozen is a run that a frozen node holds up.
func frozen() Parts {
	p := held(answering())
	p.Pulses["ch-2b:9000"] = Pulse{Answered: ago2(43 * time.Second), Why: "no answer in 3s"}
	p.State.InProgress = []journal.Entry{row(add, 1, 3, "ch-1a:9000", "ch-1b:9000", "ch-2a:9000", "ch-2b:9000")}
	p.State.Records[add] = append(began("", add, 3),
		journal.Record{
			Key: add, RunID: runID, Seq: 4, At: ago2(41 * time.Second), Outcome: journal.TrailSent, Step: 2,
			Error: "ON CLUSTER events_cluster, 4 nodes", Statement: addText,
		},
		journal.Record{Key: add, RunID: runID, Seq: 5, At: ago2(40 * time.Second), Outcome: journal.Done, Step: 2, Node: "ch-1a:9000"},
		journal.Record{
			Key: add, RunID: runID, Seq: 6, At: ago2(38 * time.Second), Outcome: journal.TrailWaiting, Step: 2,
			Error: "ch-1a:9000 runs ALTER TABLE default.transactions_local", Duration: 2 * time.Second,
		},
	)
	p.Queue["events"] = []Entry{{
		Cluster: "events", Name: "query-0000000123", Query: "ALTER TABLE default.transactions_local ON CLUSTER events_cluster ADD COLUMN trace_id UUID",
		Since: since(41 * time.Second),
		Hosts: []EntryHost{
			{Node: "ch-1a:9000", State: HostFinished},
			{Node: "ch-1b:9000", State: HostFinished},
			{Node: "ch-2a:9000", State: HostActive},
			{Node: "ch-2b:9000", State: HostWaiting},
		},
	}}
	p.Nodes["ch-1a:9000"] = Doing{Queries: []Query{{
		Node: "ch-1a:9000", ID: "skein-" + runID + "-" + add.String() + "-2-ch-1a:9000-12345", Elapsed: Duration(41 * time.Second), Text: addText,
	}}}
	return p
}

// killed is the same, of which nobody is left.
func killed() Parts {
	p := frozen()
	p.Lock.Holder = nil
	p.Nodes = map[string]Doing{}
	return p
}

// failed is a run that ended with an error, on nodes that all answer.
func failed() Parts {
	p := answering()
	entry := row(add, 2, 3, "ch-2b:9000")
	entry.Error = "transactions/0001_create_transactions step 2 of 3 (ALTER TABLE transactions_local): 44 column trace_id already exists"
	p.State.InProgress = []journal.Entry{entry}
	ended := journal.Record{RunID: runID, Seq: 12, At: ago2(30 * time.Second), Outcome: "run failed", Error: entry.Error}
	p.State.Last = append(began("skein migrate --group transactions", add, 3), ended)
	p.State.Records[add] = append(began("", add, 3),
		journal.Record{
			Key: add, RunID: runID, Seq: 4, At: ago2(41 * time.Second), Outcome: journal.TrailSent, Step: 2,
			Error: "ON CLUSTER events_cluster, 4 nodes", Statement: addText,
		},
		journal.Record{Key: add, RunID: runID, Seq: 5, At: ago2(40 * time.Second), Outcome: journal.Done, Step: 2, Node: "ch-1a:9000"},
		journal.Record{
			Key: add, RunID: runID, Seq: 6, At: ago2(40 * time.Second), Outcome: journal.Failed, Step: 2, Node: "ch-2b:9000", Code: 44,
			Error: "Code: 44, e.displayText() = Cannot add column trace_id: column with this name already exists",
		},
		journal.Record{Key: add, RunID: runID, Seq: 7, At: ago2(30 * time.Second), Outcome: journal.TrailStopped, Step: 2, Statement: addText},
		ended,
	)
	return p
}

// mutating is a run that waits for a mutation, which fails on one node.
func mutating() Parts {
	p := held(answering())
	p.State.Last = began("skein migrate", fill, 1)
	p.State.InProgress = []journal.Entry{row(fill, 1, 1, "ch-1a:9000", "ch-1b:9000", "ch-2a:9000", "ch-2b:9000")}
	p.State.Records[fill] = append(began("", fill, 1),
		journal.Record{Key: fill, RunID: runID, Seq: 4, At: ago2(100 * time.Second), Outcome: journal.TrailSent, Step: 1, Error: "4 nodes", Statement: fillText},
		journal.Record{Key: fill, RunID: runID, Seq: 5, At: ago2(99 * time.Second), Outcome: journal.Done, Step: 1, Node: "ch-1a:9000"},
		journal.Record{Key: fill, RunID: runID, Seq: 6, At: ago2(99 * time.Second), Outcome: journal.Done, Step: 1, Node: "ch-2a:9000"},
	)
	for node, parts := range map[string]int{"ch-1b:9000": 4, "ch-2a:9000": 7, "ch-2b:9000": 7} {
		m := Mutation{
			Node: node, Table: "default.events_local", ID: "0000000003", PartsToDo: parts, Since: since(100 * time.Second),
			Command: "UPDATE project_id = cityHash64(project_name), project_name = lower(project_name) WHERE project_id = 0",
		}
		if node == "ch-2b:9000" {
			m.Failure = "Cannot parse string 'x' as UInt64: syntax error at begin of string"
		}
		p.Nodes[node] = Doing{Mutations: []Mutation{m}}
		p.Trends[m.Key()] = Trend{At: ago2(60 * time.Second), PartsToDo: 7}
	}
	return p
}

func idle() Parts {
	p := answering()
	ended := journal.Record{RunID: runID, Seq: 9, At: ago2(30 * time.Second), Outcome: "run completed"}
	done := journal.Record{Key: add, RunID: runID, Seq: 8, At: ago2(31 * time.Second), Outcome: journal.TrailFinished, Error: "completed"}
	p.State.Last = append(began("skein migrate", add, 3), done, ended)
	return p
}

// deaf has heard nothing of anybody.
func deaf() Parts {
	p := answering()
	p.Lock.Known = false
	p.State = State{}
	p.Sources["the lock"] = Pulse{Why: "connect to ZooKeeper (zk-1:2181): no answer for 10s"}
	p.Sources["the state"] = Pulse{Why: "the state cannot be read, no replica of shard 1 answers"}
	for _, n := range nodes() {
		p.Pulses[n.Name()] = Pulse{Why: "dial: connection refused"}
	}
	return p
}

func cases() map[string]Parts {
	return map[string]Parts{
		"frozen": frozen(), "killed": killed(), "failed": failed(), "mutating": mutating(), "idle": idle(), "deaf": deaf(),
	}
}

// A screen is as wide and as high as the terminal, whatever that is, and what
// does not fit can be scrolled to.
func TestScreens(t *testing.T) {
	for name, parts := range cases() {
		for _, size := range []struct {
			name          string
			width, height int
		}{{"80x24", 80, 24}, {"40x10", 40, 10}, {"200x60", 200, 60}} {
			screen := Screen{}.Sized(size.width, size.height).Showing(Of(parts))
			have := screen.View()
			fits(t, name+" "+size.name, have, size.width, size.height)
			golden(t, name+"-"+size.name, have)
			coloured := screen
			coloured.Colour = true
			if ansi.Strip(coloured.View()) == coloured.View() {
				t.Errorf("%s: no colour", name)
			}
			if diff := cmp.Diff(trimmed(have), trimmed(ansi.Strip(coloured.View()))); diff != "" {
				t.Errorf("%s: colour says more (-without +with):\n%s", name, diff)
			}
			end, _ := screen.Key("end")
			fits(t, name+" "+size.name+" at its end", end.View(), size.width, size.height)
			lines := screen.lines()
			if last := lines[len(lines)-1].String(); !strings.Contains(end.View(), last) {
				t.Errorf("%s %s: its end does not show %q:\n%s", name, size.name, last, end.View())
			}
		}
	}
}

func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func fits(t *testing.T, what, view string, width, height int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != height {
		t.Errorf("%s: %d lines, want %d", what, len(lines), height)
	}
	for _, line := range lines {
		if ansi.StringWidth(line) > width {
			t.Errorf("%s: wider than %d: %q", what, width, line)
		}
	}
}

func golden(t *testing.T, name, have string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	have = trimmed(have) + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if diff := cmp.Diff(string(want), have); diff != "" {
		t.Errorf("%s (-want +got), -update accepts it:\n%s", file, diff)
	}
}

// The text of a pipe has all lines of a screen of 80 columns.
func TestText(t *testing.T) {
	for name, parts := range cases() {
		golden(t, name+"-text", Of(parts).Text())
	}
}

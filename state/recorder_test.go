package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// trailNodes are the nodes of a cluster as far as the audit trail goes: each has
// the rows that were inserted on it.
type trailNodes struct {
	mu      sync.Mutex
	nodes   []journal.Node
	down    map[string]error
	hangs   map[string]bool // until the context ends
	lacking map[string]bool // the table
	rows    map[string][][]any
	inserts int
}

func trailOn(names ...string) *trailNodes {
	n := &trailNodes{down: map[string]error{}, hangs: map[string]bool{}, lacking: map[string]bool{}, rows: map[string][][]any{}}
	for i, name := range names {
		n.nodes = append(n.nodes, journal.Node{Host: name, Port: 9000, Shard: i + 1, Replica: 1})
	}
	return n
}

func (n *trailNodes) recorder() *Recorder {
	never := func(error) bool { return false }
	return New(n, Options{Database: "default", Unknown: never, TryAgain: never}).Recorder("run-1")
}

func (n *trailNodes) Nodes(ops.Target) []journal.Node { return n.nodes }

func (n *trailNodes) Query(_ context.Context, node, sql string) ([][]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.down[node] != nil:
		return nil, &journal.NodeError{Node: node, Err: n.down[node]}
	case strings.Contains(sql, "system.columns"):
		if n.lacking[node] {
			return nil, nil
		}
		return [][]string{{"seq"}}, nil
	}
	var out [][]string
	for _, row := range n.rows[node] {
		r := printed(row)
		if strings.Contains(sql, "GROUP BY run_id") {
			out = append(out, []string{r[3], r[2]})
			continue
		}
		out = append(out, []string{r[0], r[1], r[3], r[12], r[2], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11]})
	}
	return out, nil
}

func (n *trailNodes) Insert(ctx context.Context, node string, table ops.Table, _ []string, rows [][]any, _ int) error {
	n.mu.Lock()
	n.inserts++
	hangs, down := n.hangs[node], n.down[node]
	if n.lacking[node] {
		down = fmt.Errorf("60 %s does not exist", table)
	}
	if !hangs && down == nil {
		n.rows[node] = append(n.rows[node], rows...)
	}
	n.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return down
}

func (n *trailNodes) written() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	total := 0
	for _, rows := range n.rows {
		total += len(rows)
	}
	return total
}

func trailKey() journal.Key { return journal.Key{Group: "events", ID: "0001"} }

// everyEvent is a run in which everything happens.
func everyEvent() []journal.Event {
	key := trailKey()
	host := journal.HostOutcome{Node: "n1:9000", Outcome: journal.Failed, Code: 60, Error: "no such table"}
	return []journal.Event{
		journal.LockWaiting{Holder: journal.Holder{RunID: "run-0", User: "deploy", Host: "ci", Command: "skein run"}, Limit: time.Minute},
		journal.LockAcquired{Run: journal.Run{ID: "run-1", Epoch: 17, AppliedBy: "deploy@ci", Command: "skein migrate --force"}},
		journal.Decided{Flag: "--force", Text: "blocking migrations may run"},
		journal.PreflightPassed{Clusters: []string{"main"}, ReplicatedTables: 3},
		journal.MigrationStarted{Key: key, Direction: journal.Backward, Steps: 2},
		journal.OperationSkipped{Key: key, Text: "CreateTable t_dist skipped: single node"},
		journal.StepSkipped{Key: key, Step: 1, Of: 2, Summary: "DROP TABLE u", Why: "it is so on every node"},
		journal.StatementSent{Key: key, Step: 2, Of: 2, Text: "DROP TABLE t", Nodes: 2, OnCluster: "c"},
		journal.Retrying{Key: key, Step: 2, Nodes: []string{"n1:9000"}, Why: "517", In: time.Second},
		journal.Waiting{Key: key, Step: 2, Reason: "n2:9000 unfinished", Since: 2 * time.Second},
		journal.MutationProgress{Key: key, Step: 2, Node: "n1:9000", Table: "default.t", MutationID: "0003", PartsToDo: 4, Since: time.Second},
		journal.HostFinished{Key: key, Step: 2, Host: host},
		journal.Converged{Key: key, Step: 2, Of: 2, Nodes: 2, Took: time.Second},
		journal.MigrationFailed{
			Key: key, Step: 2, Of: 2, Text: "DROP TABLE t", Err: errors.New("no"),
			Hosts: []journal.HostOutcome{host, {Node: "n2:9000", Outcome: journal.Unknown, Error: "no answer"}},
		},
		journal.MigrationFinished{Key: key, Direction: journal.Backward, Status: journal.NotStarted, Took: time.Second},
		journal.MigrationFinished{Key: key, Direction: journal.Forward, Status: journal.Completed, Fake: true},
		journal.Warning{Text: "release the lock: gone"},
		journal.RunEnded{Ending: journal.EndedFailed, Key: key, Step: 2, Err: errors.New("no"), Took: 3 * time.Second},
	}
}

func TestTheTrailTellsEveryEventInOrder(t *testing.T) {
	n := trailOn("n1", "n2")
	n.down["n1:9000"] = errDown
	r := n.recorder()
	r.now = func() time.Time { return time.Unix(1000, 0) }
	for _, event := range everyEvent() {
		r.Record(event)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.down = map[string]error{}
	n.rows["n1:9000"] = n.rows["n2:9000"] // a replica of it, or an insert that landed after all
	records, silent, err := n.recorder().store.Story(t.Context(), trailKey())
	if err != nil || len(silent) > 0 {
		t.Fatal(err, silent)
	}
	var have []string
	for _, r := range records {
		have = append(have, strings.TrimRight(fmt.Sprintf("%d %s %s %d %s|%s|%d|%s|%s|%s", r.Seq, r.ID, r.Direction, r.Step, r.Outcome, r.Node, r.Code, r.Error, r.Statement,
			r.Duration), " "))
	}
	want := []string{
		"1   0 waiting||0|run run-0 holds the lock: deploy@ci, skein run||0s",
		"2   0 run started|deploy@ci|0|epoch 17|skein migrate --force|0s",
		"3   0 decided||0|blocking migrations may run|--force|0s",
		"4   0 preflight||0|main: 3 replicated tables, all active||0s",
		"5 0001 backward 2 started||0|||0s",
		"6 0001 backward 0 not sent||0|CreateTable t_dist skipped: single node||0s",
		"7 0001 backward 1 not sent||0|it is so on every node|DROP TABLE u|0s",
		"8 0001 backward 2 sent||0|ON CLUSTER c, 2 nodes|DROP TABLE t|0s",
		"9 0001 backward 2 retrying|n1:9000|0|517|DROP TABLE t|1s",
		"10 0001 backward 2 waiting||0|n2:9000 unfinished|DROP TABLE t|2s",
		"11 0001 backward 2 mutating|n1:9000|0|default.t (0003): 4 parts to do||1s",
		"12 0001 backward 2 failed|n1:9000|60|no such table|DROP TABLE t|0s",
		"13 0001 backward 2 converged||0|2 nodes|DROP TABLE t|1s",
		"14 0001 backward 2 unknown|n2:9000|0|no answer|DROP TABLE t|0s",
		"14 0001 backward 2 stopped||0|no|DROP TABLE t|0s",
		"15 0001 backward 0 finished||0|not started||1s",
		"16 0001 forward 0 marked||0|completed||0s",
		"17   0 warning||0|release the lock: gone||0s",
		"18 0001 backward 2 run failed||0|no||3s",
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +have)\n%s", diff)
	}
}

// unheard is an event that the recorder knows nothing of: there will be more.
type unheard struct{ journal.Event }

func TestAnEventThatTheTrailDoesNotKnowIsToldAllTheSame(t *testing.T) {
	n := trailOn("n1")
	r := n.recorder()
	r.Record(unheard{})
	if err := r.Flush(t.Context()); err != nil || n.written() != 1 {
		t.Errorf("%d rows, %v", n.written(), err)
	}
}

func TestTheTrailIsWrittenBesideTheWork(t *testing.T) {
	n := trailOn("n1")
	r := n.recorder()
	r.Record(journal.LockAcquired{})
	r.Record(journal.MigrationStarted{Key: trailKey()})
	r.Record(journal.MigrationFinished{Key: trailKey()})
	deadline := time.Now().Add(5 * time.Second)
	for n.written() < 3 {
		if time.Now().After(deadline) {
			t.Fatalf("a run that is killed now loses what it did: %d rows", n.written())
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := r.Flush(t.Context()); err != nil || n.written() != 3 {
		t.Errorf("%v, %d rows", err, n.written())
	}
}

func TestManyShortMigrationsAreFewInserts(t *testing.T) {
	n := trailOn("n1")
	r := n.recorder()
	r.Record(journal.LockAcquired{})
	for range 300 {
		r.Record(journal.MigrationFinished{Key: trailKey()})
		time.Sleep(time.Millisecond)
	}
	if err := r.Flush(t.Context()); err != nil || n.written() != 301 || n.inserts > 5 {
		t.Errorf("%v, %d rows in %d inserts", err, n.written(), n.inserts)
	}
}

// Nothing waits for a node that hangs but the end, and that not for long.
func TestANodeThatHangsHoldsNobodyUp(t *testing.T) {
	n := trailOn("n1", "n2")
	n.hangs["n1:9000"] = true
	r := n.recorder()
	began := time.Now()
	r.Record(journal.LockAcquired{})
	r.Record(journal.MigrationStarted{Key: trailKey()})
	time.Sleep(100 * time.Millisecond) // it is being written, and hangs
	for range 100 {
		r.Record(journal.Waiting{Key: trailKey()})
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the run was held up for %s", took)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > insertLimit-time.Second || n.written() != 102 {
		t.Errorf("%d rows after %s", n.written(), took)
	}
}

func TestATrailThatNoNodeTakesSaysHowManyRowsAreLost(t *testing.T) {
	n := trailOn("n1", "n2")
	n.down["n1:9000"], n.down["n2:9000"] = errDown, errDown
	r := n.recorder()
	for _, event := range everyEvent() {
		r.Record(event)
	}
	err := r.Flush(t.Context())
	if !errors.Is(err, errDown) || !strings.Contains(err.Error(), "19 rows of the audit trail are lost") {
		t.Errorf("have %v", err)
	}
}

// Where the tables were never made nothing can be lost, unless something was done.
func TestATrailWithoutATable(t *testing.T) {
	system := journal.Key{Group: migration.System, ID: FirstID}
	sent := journal.StatementSent{Key: system, Step: 1}
	for name, test := range map[string]struct {
		events []journal.Event
		lost   bool
	}{
		"refused before anything was done": {[]journal.Event{journal.LockAcquired{}, journal.RunEnded{}}, false},
		"stopped while it was made":        {[]journal.Event{journal.LockAcquired{}, journal.MigrationStarted{Key: system}, sent}, true},
		"dropped": {[]journal.Event{
			journal.LockAcquired{},
			sent,
			journal.MigrationStarted{Key: system, Direction: journal.Backward},
			sent,
			journal.MigrationFinished{Key: system, Direction: journal.Backward},
			journal.RunEnded{},
		}, false},
	} {
		n := trailOn("n1")
		n.lacking["n1:9000"] = true
		r := n.recorder()
		for _, event := range test.events {
			r.Record(event)
		}
		if err := r.Flush(t.Context()); (err != nil) != test.lost {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The trail's tables come and go in the group system: what happens meanwhile is
// kept, and written when they are there.
func TestTheTrailTellsOfTheMigrationThatMakesItsTables(t *testing.T) {
	n := trailOn("n1")
	n.lacking["n1:9000"] = true
	r := n.recorder()
	r.every = time.Hour
	system := journal.Key{Group: migration.System, ID: FirstID}
	r.Record(journal.LockAcquired{})
	r.Record(journal.MigrationStarted{Key: system, Direction: journal.Forward, Steps: 4})
	time.Sleep(50 * time.Millisecond)
	n.mu.Lock()
	inserts := n.inserts
	n.lacking = map[string]bool{}
	n.mu.Unlock()
	if inserts > 0 {
		t.Errorf("%d inserts into a table that is being made", inserts)
	}
	r.Record(journal.MigrationFinished{Key: system, Direction: journal.Forward})
	if err := r.Flush(t.Context()); err != nil || n.written() != 3 {
		t.Errorf("%v, %d rows", err, n.written())
	}
}

func TestTheTrailIsReadFromTheNodesThatAnswer(t *testing.T) {
	n := trailOn("n1", "n2", "n3")
	r := n.recorder()
	for _, event := range everyEvent() {
		r.Record(event)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.down["n2:9000"], n.lacking["n3:9000"] = errDown, true
	records, silent, err := r.store.Runs(t.Context(), "", 1)
	if err != nil || len(records) != 19 {
		t.Errorf("%d records, %v", len(records), err)
	}
	if diff := cmp.Diff([]journal.NoAnswer{{Node: "n2:9000", Why: errDown.Error()}}, silent); diff != "" {
		t.Error(diff)
	}
	n.down["n1:9000"], n.down["n3:9000"] = errDown, errDown
	var refused *journal.PreflightError
	if _, _, err := r.store.Runs(t.Context(), "", 1); !errors.As(err, &refused) {
		t.Errorf("no node answers: %v", err)
	}
}

func TestTheNewestRunsAreThoseOfAllNodes(t *testing.T) {
	n := trailOn("n1", "n2")
	at := func(seconds int64, run string) []any {
		return rowsOf([]journal.Record{{RunID: run, At: time.Unix(seconds, 0), Outcome: journal.TrailRunStarted}})[0]
	}
	n.rows["n1:9000"] = [][]any{at(40, "a"), at(30, "c")}
	n.rows["n2:9000"] = [][]any{at(20, "b"), at(30, "d"), at(10, "a")}
	ids, _, err := n.recorder().store.newest(t.Context(), "SELECT … GROUP BY run_id", 3)
	if want := []string{"a", "d", "c"}; err != nil || !slices.Equal(ids, want) {
		t.Errorf("have %v, want %v; %v", ids, want, err)
	}
}

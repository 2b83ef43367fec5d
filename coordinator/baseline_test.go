package coordinator

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/plan"
)

func TestBaselineRecordsAndRunsNothing(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001"), numbered("0002"), numbered("0003")))
	w.entries = entries{}
	request := events(false)
	request.Through = "0002"
	result, err := c.Baseline(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]journal.Key{key("system", "0001_migrations"), key("events", "0001"), key("events", "0002")}, result.Applied); diff != "" {
		t.Error(diff)
	}
	for _, step := range w.sent {
		if step.Key.Group != "system" {
			t.Errorf("sent %s", step.Text)
		}
	}
	for _, row := range w.written {
		note := noteOf(row)
		if row.Group == "events" && (row.Status != journal.Completed || !note.Baseline || note.Fake || row.Checksum == "" || row.Backward == "") {
			t.Errorf("%+v", row)
		}
		w.entries[row.Key] = row
	}
	if len(w.entries) != 3 {
		t.Errorf("rows %v", w.log)
	}
	// What comes after it runs; what was recorded is neither compared nor taken back.
	c.options.Registry = registry(t, group("events", edited("0001"), numbered("0002"), numbered("0003")))
	w.sent, w.written = nil, nil
	if _, err := c.Migrate(t.Context(), events(false)); err != nil || len(w.sent) != 1 {
		t.Fatalf("%v, sent %v", err, w.sent)
	}
	for _, row := range w.written {
		w.entries[row.Key] = row
	}
	back, err := c.PlanRollback(t.Context(), Request{Groups: []string{"events"}, Count: 3, Force: true})
	if err != nil || len(back) != 1 || back[0].Key.ID != "0003" {
		t.Errorf("rollback 3: %+v, %v", back, err)
	}
	if back, err = c.PlanRevert(t.Context(), events(true)); err != nil || len(back) != 1 {
		t.Errorf("revert: %+v, %v", back, err)
	}
	delete(w.entries, key("events", "0003"))
	if _, err := c.Reverse(t.Context(), Request{Groups: []string{"events"}, ID: "0002", Force: true}); kind(err) != preflight || !strings.Contains(err.Error(), "recorded by baseline") {
		t.Errorf("reverse: %v", err)
	}
	if _, err := c.Rollback(t.Context(), events(true)); kind(err) != usage || !strings.Contains(err.Error(), "what baseline recorded") {
		t.Errorf("rollback of nothing else: %v", err)
	}
	// revert --fake forgets them, and then they can be recorded again.
	forget := events(true)
	forget.Fake = true
	w.written = nil
	if _, err := c.Revert(t.Context(), forget); err != nil || len(w.written) != 2 {
		t.Fatalf("revert --fake: %v, %v", err, w.log)
	}
	for _, row := range w.written {
		w.entries[row.Key] = row
	}
	if _, err := c.Baseline(t.Context(), request); err != nil {
		t.Errorf("once more: %v", err)
	}
}

func TestBaselineIsForAGroupWithoutRows(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001"), numbered("0002")), group("empty"))
	for name, test := range map[string]struct {
		state   entries
		request Request
		kind    string
		says    string
	}{
		"completed":      {eventsDone("0001"), events(false), preflight, "has rows already: events/0001"},
		"in progress":    {systemDone().and(state(journal.InProgress, key("events", "0001"))), events(false), preflight, "events/0001"},
		"of a file gone": {eventsDone("0000"), events(false), preflight, "events/0000"},
		"no group":       {systemDone(), Request{}, usage, "name one group"},
		"unknown group":  {systemDone(), Request{Groups: []string{"nope"}}, usage, "nope"},
		"system":         {systemDone(), Request{Groups: []string{"system"}}, usage, "skein's own"},
		"no migrations":  {systemDone(), Request{Groups: []string{"empty"}}, usage, "no migrations"},
		"no such ID":     {systemDone(), Request{Groups: []string{"events"}, Through: "0009"}, usage, "0009"},
	} {
		w.entries = test.state
		_, err := c.Baseline(t.Context(), test.request)
		if kind(err) != test.kind || !strings.Contains(err.Error(), test.says) || len(w.written) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// stage rehearses by saying what it is told to.
type stage struct {
	steps []plan.Step
	made  map[compare.Name]compare.Table
	nodes []compare.Node
	err   error
}

func (s *stage) Rehearse(_ context.Context, _, _ string, steps []plan.Step) (map[compare.Name]compare.Table, error) {
	s.steps = steps
	return s.made, s.err
}

func (s *stage) Tables(context.Context, string) ([]compare.Node, error) { return s.nodes, nil }

func tableWith(engine string, columns ...string) compare.Table {
	t := compare.Table{Engine: engine, Columns: columns, Parts: map[compare.Part]compare.Value{
		{Kind: compare.KindEngine}: compare.Text(engine),
	}}
	for _, column := range columns {
		t.Parts[compare.Part{Kind: compare.KindColumn, Name: column}] = compare.Text("UInt8")
	}
	return t
}

func TestBaselineVerifyComparesTheEnd(t *testing.T) {
	name := compare.Name{Database: "default", Table: "t0001"}
	at := func(node string, table compare.Table) compare.Node {
		return compare.Node{Name: node, Local: true, Tables: map[compare.Name]compare.Table{name: table}}
	}
	alike := []compare.Node{at("n1:9000", tableWith("ReplicatedMergeTree", "id", "x")), at("n2:9000", tableWith("ReplicatedMergeTree", "id", "x"))}
	for what, test := range map[string]struct {
		nodes []compare.Node
		want  []Lack
	}{
		"alike":         {alike, nil},
		"a column less": {[]compare.Node{alike[0], at("n2:9000", tableWith("MergeTree", "id"))}, []Lack{{What: "table default.t0001, column x", Node: "n2:9000", Want: "UInt8"}}},
		"a column more": {[]compare.Node{at("n1:9000", tableWith("MergeTree", "id", "x", "y"))}, []Lack{{What: "table default.t0001, column y", Node: "n1:9000", Has: "UInt8"}}},
		"another engine": {
			[]compare.Node{at("n1:9000", tableWith("ReplicatedSummingMergeTree", "id", "x"))},
			[]Lack{{What: "table default.t0001, engine", Node: "n1:9000", Has: "SummingMergeTree", Want: "MergeTree"}},
		},
		"no table": {[]compare.Node{{Name: "n1:9000", Local: true}}, []Lack{{What: "table default.t0001", Node: "n1:9000", Want: "MergeTree"}}},
	} {
		t.Run(what, func(t *testing.T) {
			c, w := bench(t, group("events", numbered("0001"), makes("0002", addColumn("t0001", "x"))))
			s := &stage{made: map[compare.Name]compare.Table{name: tableWith("MergeTree", "id", "x")}, nodes: test.nodes}
			c.options.Rehearser = s
			request := events(false)
			request.Verify = true
			result, err := c.Baseline(t.Context(), request)
			if diff := cmp.Diff(test.want, result.Differences); diff != "" {
				t.Error(diff)
			}
			var differ *journal.NodesDifferError
			if (test.want != nil) != errors.As(err, &differ) || test.want == nil && err != nil || (len(w.written) > 0) != (test.want == nil) {
				t.Errorf("%v; %v", err, w.log)
			}
			if len(s.steps) != 2 || len(w.sent) > 0 {
				t.Errorf("tried %d, sent %v", len(s.steps), w.sent)
			}
			for _, step := range s.steps {
				if strings.Contains(step.Text, "Replicated") || strings.Contains(step.Text, "ON CLUSTER") || !strings.Contains(step.Text, "`skein_baseline_run-1`.`t0001`") {
					t.Errorf("tried %s", step.Text)
				}
			}
		})
	}
}

// What is tried in the empty database touches nothing else, whatever a file says.
func TestOnlyWhatIsHarmlessIsTried(t *testing.T) {
	const made = "CREATE TABLE {db}.t (id UInt64) ENGINE = {replicated:MergeTree} ORDER BY id"
	for sql, tried := range map[string]bool{
		made: true,
		"CREATE TABLE t (id UInt64) ENGINE = Log":                                                     true, // the connection's database is the empty one
		"CREATE TABLE {db}.t (id UInt64) ENGINE = MergeTree ORDER BY id AS SELECT 1 AS id":            false,
		"create table {db}.t engine = Log as (select 1)":                                              false,
		"CREATE TABLE {db}.t ENGINE = Log AS numbers(10)":                                             false,
		"CREATE TABLE {db}.t CLONE AS default.big":                                                    false,
		"CREATE TABLE default.t (id UInt64) ENGINE = Log":                                             false,
		"CREATE TABLE {db}.t ON CLUSTER c (id UInt64) ENGINE = Log":                                   false,
		"CREATE TABLE {db}.t (id UInt64) ENGINE = Kafka('k:9092', 't', 'g', 'CSV')":                   false,
		"CREATE TABLE {db}.t (id UInt64) ENGINE = ReplicatedMergeTree('/x', '{replica}') ORDER BY id": false,
		"CREATE TABLE {db}.t (id UInt64) ENGINE = S3('https://s/x', 'CSV')":                           false,
		"CREATE MATERIALIZED VIEW {db}.mv TO default.b AS SELECT * FROM default.a":                    false,
		"CREATE VIEW {db}.v AS SELECT 1":                                                              false,
		"INSERT INTO {db}.t SELECT * FROM default.a":                                                  false,
		"DROP TABLE default.a":                   false,
		"DROP TABLE {db}.t":                      false, // nothing here has made it
		"DROP DATABASE default":                  false,
		"ALTER TABLE default.a DROP COLUMN x":    false,
		"ALTER TABLE {db}.unknown DROP COLUMN x": false,
		"RENAME TABLE default.a TO {db}.a":       false,
		"SYSTEM FLUSH LOGS":                      false,
		"TRUNCATE TABLE default.a":               false,
	} {
		c, _ := bench(t)
		r := c.rehearse(twoByTwo(), []target{{key: key("events", "0001"), direction: journal.Forward, migration: makes("0001", block(sql))}}, "empty")
		if (len(r.steps) == 1) != tried {
			t.Errorf("tried %v: %s", len(r.steps) == 1, sql)
		}
	}
	after := func(sql string) int {
		c, _ := bench(t)
		m := makes("0001", block(made), block(sql))
		return len(c.rehearse(twoByTwo(), []target{{key: key("events", "0001"), direction: journal.Forward, migration: m}}, "empty").steps)
	}
	for sql, tried := range map[string]int{
		"ALTER TABLE {db}.t ADD COLUMN x String DEFAULT 'MOVE'":       2,
		"ALTER TABLE {db}.t ADD PROJECTION p (SELECT id ORDER BY id)": 2,
		"ALTER TABLE {db}.t ATTACH PARTITION 1 FROM default.big":      1,
		"ALTER TABLE {db}.t REPLACE PARTITION 1 FROM default.big":     1,
		"ALTER TABLE {db}.t ON CLUSTER c ADD COLUMN x UInt8":          1,
		"DROP TABLE {db}.t":                                     2,
		"DROP TABLE {db}.t, default.a":                          1,
		"RENAME TABLE {db}.t TO {db}.u":                         2,
		"RENAME TABLE {db}.t TO default.u":                      1,
		"RENAME TABLE {db}.t TO {db}.u, default.a TO default.b": 1,
		"EXCHANGE TABLES {db}.t AND default.a":                  1,
		"DETACH TABLE {db}.t":                                   1,
	} {
		if have := after(sql); have != tried {
			t.Errorf("%d steps, want %d: %s", have, tried, sql)
		}
	}
}

func TestWhatIsLeftInTheEnd(t *testing.T) {
	c, _ := bench(t)
	m := makes("0001",
		block("CREATE TABLE {db}.k (id UInt64) ENGINE = Null"),
		block("CREATE MATERIALIZED VIEW {db}.mv TO {db}.k AS SELECT 1 AS id"),
		block("CREATE VIEW {db}.gone AS SELECT 1"), block("DROP VIEW {db}.gone"),
		block("RENAME TABLE {db}.k TO {db}.kept"),
		create("events", "typed"), addColumn("typed", "x"), create("events", "plain"),
	)
	planner := plan.New(c.options.Sets, twoByTwo())
	planner.Lenient = true
	steps, _, err := planner.Operations(m.Forward)
	if err != nil {
		t.Fatal(err)
	}
	x := &expectations{left: map[string]expectation{}}
	for _, step := range steps {
		x.add(step)
	}
	var have []string
	for _, e := range x.all() {
		known := ""
		if e.is != nil {
			known = " as stated"
		}
		have = append(have, e.engine+" "+e.table.Name+known)
	}
	slices.Sort(have)
	want := []string{"MaterializedView mv as stated", "Null kept", "ReplicatedMergeTree plain as stated", "ReplicatedMergeTree typed"}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}

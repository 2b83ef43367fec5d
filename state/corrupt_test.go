package state

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
)

func TestATableThatIsNotAsSkeinMadeItIsRefusedWithWhatMendsIt(t *testing.T) {
	const replacing = "ReplicatedReplacingMergeTree"
	for _, test := range []struct {
		name string
		rows [][]string // of n2
		says []string
	}{
		{"another type", [][]string{{"column", "note", "UInt8"}}, []string{"ALTER TABLE default.migrations_local MODIFY COLUMN `note` String"}},
		{"a version of 32 bits", [][]string{{"column", "version", "UInt32"}}, []string{"column version is UInt32", "UInt64", "anew"}},
		{
			"other statuses",
			[][]string{{"column", "status", "Enum8('completed' = 1, 'in_progress' = 0, 'not_started' = 2)"}},
			[]string{"column status is Enum8('completed' = 1"},
		},
		{"not replicated", [][]string{{"engine", "ReplacingMergeTree", "ReplacingMergeTree(version) ORDER BY (group, migration_id)"}}, []string{replacing}},
		{"not replacing", [][]string{{"engine", "ReplicatedMergeTree", "ReplicatedMergeTree('/p', 'r') ORDER BY (group, migration_id)"}}, []string{replacing + "(version)"}},
		{"by no version", [][]string{{"engine", replacing, replacing + "('/p', 'r') ORDER BY (group, migration_id)"}}, []string{"forgets rows"}},
		{"by another column", [][]string{{"engine", replacing, replacing + "('/p', 'r', epoch) ORDER BY (group, migration_id)"}}, []string{"forgets rows"}},
		{"by another key", [][]string{{"engine", replacing, replacing + "('/p', 'r', version) ORDER BY group"}}, []string{"forgets rows"}},
		{"another path than its neighbour's", [][]string{{"path", "n2", "/m/2"}}, []string{"/m/2", "/m/1", "shard 1", "<macros>"}},
		{"a view", [][]string{{"engine", "View", ""}}, []string{"engine is View"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serving(2, 2)
			s.layouts["n2:9000"] = test.rows
			_, _, err := s.store().Missing(t.Context())
			refused(t, err, append(test.says, "n2:9000", "nothing was changed")...)
		})
	}
}

func TestAColumnThatIsMissingIsNamedWithItsNode(t *testing.T) {
	s := serving(2, 2)
	without := func(name string) []string {
		return slices.DeleteFunc(ours(), func(c string) bool { return c == name })
	}
	s.columns["n1:9000"], s.columns["n4:9000"] = without("note"), without("version")
	_, _, err := s.store().Missing(t.Context())
	refused(t, err, "n1:9000  column note is missing: ALTER TABLE default.migrations_local ADD COLUMN `note` String",
		"n4:9000  column version is missing")
}

func TestWhatAServerWritesOtherwiseIsTheSame(t *testing.T) {
	for _, rows := range [][]string{
		{"column", "status", "Enum8('completed'=0,'in_progress'=1,'not_started'=2)"},
		{"column", "status", "Enum8('completed' = 0, 'in_progress' = 1, 'not_started' = 2, 'paused' = 3)"}, // each row will tell
		{"column", "color", "String"},
		{"engine", "SharedReplacingMergeTree", "SharedReplacingMergeTree('/p', 'r', version) ORDER BY (`group`, migration_id)"},
	} {
		s := serving(2, 2)
		s.layouts["n2:9000"] = [][]string{rows}
		if _, _, err := s.store().Missing(t.Context()); err != nil {
			t.Errorf("%q: %v", rows, err)
		}
	}
}

func inEpoch(epoch uint64, counter uint32, change func(*journal.Entry)) journal.Entry {
	e := entry("0001", journal.InProgress, journal.Version(epoch, counter))
	e.Epoch = epoch
	change(&e)
	return e
}

func TestARowThatNoSkeinWritesIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*journal.Entry)
		says   string
	}{
		"status":                  {func(e *journal.Entry) { e.Status = "paused" }, `status is "paused"`},
		"no group":                {func(e *journal.Entry) { e.Group = "" }, "no group"},
		"no ID":                   {func(e *journal.Entry) { e.ID = "" }, "no migration_id"},
		"epoch":                   {func(e *journal.Entry) { e.Epoch = 9 }, "epoch is 9"},
		"direction":               {func(e *journal.Entry) { e.Direction = "sideways" }, `"sideways"`},
		"step before the first":   {func(e *journal.Entry) { e.Step = 0 }, "step 0 of 1"},
		"step behind the last":    {func(e *journal.Entry) { e.Step = 7 }, "step 7 of 1"},
		"note that is no JSON":    {func(e *journal.Entry) { e.Note = "{" }, "note cannot be read"},
		"no note":                 {func(e *journal.Entry) { e.Note = "" }, "note cannot be read"},
		"note of a newer program": {func(e *journal.Entry) { e.Note = `{"splines":3}` }, "splines"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(2, 2)
			s.put("n2:9000", inEpoch(3, 1, test.change))
			_, err := s.store().Read(t.Context(), true)
			refused(t, err, test.says, "n2:9000", "nothing was changed", "ORDER BY version DESC")
		})
	}
}

// A row that has been mended is not asked about again.
func TestOnlyTheNewestRowHasToMakeSense(t *testing.T) {
	s := serving(2, 2)
	s.put("n2:9000", inEpoch(3, 1, func(e *journal.Entry) { e.Status, e.Note = "paused", "{" }))
	s.put("n1:9000", inEpoch(3, 2, func(e *journal.Entry) { e.Status = journal.Completed }))
	if _, err := s.store().Read(t.Context(), true); err != nil {
		t.Error(err)
	}
}

// A note is what resume goes by. To look at the list it is not needed.
func TestListShowsWhatANewerProgramBegan(t *testing.T) {
	s := serving(2, 2)
	s.put("n2:9000", inEpoch(3, 1, func(e *journal.Entry) { e.Note = `{"splines":3}` }))
	if have, err := s.store().Read(t.Context(), false); err != nil || len(have) != 1 {
		t.Errorf("%v, %v", have, err)
	}
}

func TestTwoRowsOfOneVersionAreShown(t *testing.T) {
	done := inEpoch(3, 2, func(e *journal.Entry) { e.Status, e.RunID = journal.Completed, "RUN-A" })
	half := inEpoch(3, 2, func(e *journal.Entry) { e.RunID, e.Error = "RUN-B", "no space" })
	for name, at := range map[string][2]string{
		"on two replicas": {"n1:9000", "n2:9000"}, "on two shards": {"n1:9000", "n3:9000"}, "on one node": {"n2:9000", "n2:9000"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(2, 2)
			s.put(at[0], done)
			s.put(at[1], half)
			for _, barrier := range []bool{true, false} {
				_, err := s.store().Read(t.Context(), barrier)
				refused(t, err, "events/0001", at[0], at[1], "RUN-A", "RUN-B", "no space", "version + 1", "INSERT INTO default.migrations_local")
			}
			// Another version has the last word.
			s.put("n4:9000", inEpoch(3, 3, func(*journal.Entry) {}))
			if _, err := s.store().Read(t.Context(), true); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOneRowOnSeveralNodesIsOne(t *testing.T) {
	s := serving(2, 2)
	for _, node := range s.nodes {
		s.put(node.Name(), inEpoch(3, 2, func(*journal.Entry) {}))
	}
	have, err := s.store().Read(t.Context(), true)
	if err != nil || len(have) != 1 {
		t.Errorf("%v, %v", have, err)
	}
}

// Clocks decide nothing: the higher version wins, whenever it says it was written.
func TestAClockThatJumpedBackChangesNothing(t *testing.T) {
	s := serving(2, 2)
	s.put("n1:9000", inEpoch(3, 1, func(e *journal.Entry) { e.Timestamp = e.Timestamp.AddDate(80, 0, 0) }))
	s.put("n3:9000", inEpoch(4, 1, func(e *journal.Entry) { e.Status, e.Duration = journal.Completed, -1 }))
	have, err := s.store().Read(t.Context(), true)
	e := have[journal.Key{Group: "events", ID: "0001"}]
	if err != nil || e.Status != journal.Completed || e.Duration != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestADistThatShowsAnotherStateIsRefused(t *testing.T) {
	for name, full := range map[string]string{
		"missing":          "",
		"another table":    "Distributed('c', 'default', 'other_local', cityHash64(group))",
		"another database": "Distributed('c', 'other', 'migrations_local', cityHash64(group))",
		"another engine":   "Log",
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(2, 2)
			s.dist["n3:9000"] = full
			s.put("n1:9000", inEpoch(1, 1, func(*journal.Entry) {}))
			_, err := s.store().Read(t.Context(), true)
			refused(t, err, "n3:9000", "default.migrations_dist", "CREATE TABLE default.migrations_dist AS default.migrations_local")
			if _, err := s.store().Read(t.Context(), false); err != nil {
				t.Errorf("reading commands have no need of it: %v", err)
			}
		})
	}
}

// While system's tables are made or dropped it may be missing: the last of its
// own rows are there before it, and after it.
func TestADistIsNotNeededWhileThereIsNothingElse(t *testing.T) {
	s := serving(2, 2)
	clear(s.dist)
	s.put("n1:9000", inEpoch(1, 1, func(e *journal.Entry) { e.Group, e.Status = "system", journal.Completed }))
	s.put("n1:9000", inEpoch(1, 2, func(e *journal.Entry) { e.Status = journal.NotStarted }))
	if _, err := s.store().Read(t.Context(), true); err != nil {
		t.Error(err)
	}
}

func TestTheStatementThatPeopleAreToldToTypeIsWhole(t *testing.T) {
	s := serving(1, 1)
	key := journal.Key{Group: "ev'ents", ID: "0001"}
	row := printed(values(inEpoch(3, 2, func(e *journal.Entry) { e.Key = key })))
	text := s.store().contradiction(key, []found{{row: row, version: 7, node: s.nodes[0]}}).Error()
	want := "WHERE `group` = 'ev\\'ents' AND migration_id = '0001' AND version = 7 AND status = 'in_progress' AND run_id = '' AND step = 1 LIMIT 1"
	if diff := cmp.Diff(want, text[len(text)-len(want):]); diff != "" {
		t.Error(diff)
	}
}

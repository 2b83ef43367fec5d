package state

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/journal"
)

func entry(id string, status journal.Status, version uint64) journal.Entry {
	return journal.Entry{
		Key: journal.Key{Group: "events", ID: id}, Status: status, Version: version, Timestamp: time.Unix(1, 0),
		Direction: journal.Forward, Step: 1, Steps: 1, Note: "{}",
	}
}

func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	var preflight *journal.PreflightError
	if !errors.As(err, &preflight) {
		t.Fatalf("want a *journal.PreflightError, have %v", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no word of %q in: %v", word, err)
		}
	}
}

// What is written is what is read, whatever is in it.
func TestAnEntryComesBackAsItWas(t *testing.T) {
	texts := rapid.String()
	rapid.Check(t, func(t *rapid.T) {
		epoch := rapid.Uint64Range(0, math.MaxUint32).Draw(t, "epoch")
		steps := rapid.IntRange(0, 1000).Draw(t, "steps")
		want := journal.Entry{
			Key:       journal.Key{Group: "g" + texts.Draw(t, "group"), ID: "0" + texts.Draw(t, "id")},
			Timestamp: time.Unix(rapid.Int64Range(0, math.MaxUint32).Draw(t, "at"), 0),
			Status:    rapid.SampledFrom([]journal.Status{journal.Completed, journal.InProgress, journal.NotStarted}).Draw(t, "status"),
			Version:   journal.Version(epoch, rapid.Uint32().Draw(t, "counter")),
			Direction: journal.Backward, RunID: texts.Draw(t, "run"), Epoch: epoch,
			Step: rapid.IntRange(1, steps+1).Draw(t, "step"), Steps: steps, StepHash: "abc",
			PendingNodes: rapid.SliceOfN(rapid.SampledFrom([]string{"ch-1:9000", "[::1]:9000"}), 1, 3).Draw(t, "pending"),
			Note:         texts.Draw(t, "note"), Checksum: "sum", AppliedBy: "deploy@ci", Error: texts.Draw(t, "error"),
			Duration: time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "ms")) * time.Millisecond, Backward: texts.Draw(t, "backward"),
		}
		have, err := parse(printed(values(want)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTheColumnsOfAnInsertAreAsManyAsItsValues(t *testing.T) {
	if have, want := len(values(journal.Entry{})), len(columns()); have != want {
		t.Errorf("%d values for %d columns", have, want)
	}
	s := serving(1, 1)
	r := s.store().Recorder("run")
	r.Record(journal.HostFinished{Host: journal.HostOutcome{Node: "n1:9000"}})
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if have, want := len(s.inserts[0].rows[0]), len(stepColumns()); have != want || len(s.inserts[0].columns) != want {
		t.Errorf("the audit trail: %d values for %d columns", have, want)
	}
}

func TestARowThatMakesNoSenseIsAnError(t *testing.T) {
	good := printed(values(entry("0001", journal.Completed, 1)))
	for column, text := range map[int]string{2: "now", 3: "done", 4: "-1", 7: "x", 8: "1.5", 16: ""} {
		row := append([]string(nil), good...)
		row[column] = text
		if _, err := parse(row); err == nil {
			t.Errorf("column %d with %q was taken", column, text)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Run("nowhere: nothing has started", func(t *testing.T) {
		s := serving(2, 2)
		clear(s.columns)
		missing, of, err := s.store().Missing(t.Context())
		if len(missing) != 4 || of != 4 || err != nil {
			t.Errorf("%v of %d, %v", missing, of, err)
		}
	})
	t.Run("everywhere: the usual case", func(t *testing.T) {
		missing, of, err := serving(2, 2).store().Missing(t.Context())
		if len(missing) != 0 || of != 4 || err != nil {
			t.Errorf("%v of %d, %v", missing, of, err)
		}
	})
	t.Run("on some: they are named", func(t *testing.T) {
		s := serving(2, 2)
		delete(s.columns, "n3:9000")
		missing, of, err := s.store().Missing(t.Context())
		if diff := cmp.Diff([]string{"n3:9000"}, missing); diff != "" || of != 4 || err != nil {
			t.Errorf("%v of %d, %v", missing, of, err)
		}
	})
	t.Run("a node that is down is not counted", func(t *testing.T) {
		s := serving(2, 2)
		s.down["n1:9000"] = true
		missing, of, err := s.store().Missing(t.Context())
		if len(missing) != 0 || of != 3 || err != nil {
			t.Errorf("%v of %d, %v", missing, of, err)
		}
	})
	t.Run("no node answers", func(t *testing.T) {
		s := serving(1, 1)
		s.down["n1:9000"] = true
		_, _, err := s.store().Missing(t.Context())
		refused(t, err, "no node answers", "n1:9000")
	})
}

func TestAnotherToolsTableIsRefused(t *testing.T) {
	s := serving(2, 2)
	s.columns["n2:9000"] = []string{"group", "migration_id", "timestamp", "status", "version"} // Snuba's
	_, _, err := s.store().Missing(t.Context())
	refused(t, err, "default.migrations_local on n2:9000", "another tool's", "direction, run_id, epoch")
}

func TestTheHighestVersionOfAllNodesWins(t *testing.T) {
	s := serving(2, 2)
	s.put("n1:9000", entry("0001", journal.InProgress, 7), entry("0002", journal.InProgress, 9))
	s.put("n2:9000", entry("0001", journal.Completed, 8)) // not replicated yet
	s.put("n4:9000", entry("0002", journal.NotStarted, 8))
	have, err := s.store().Read(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]journal.Status{"0001": journal.Completed, "0002": journal.InProgress}
	for id, status := range want {
		if e := have[journal.Key{Group: "events", ID: id}]; e.Status != status {
			t.Errorf("%s is %s, want %s", id, e.Status, status)
		}
	}
	if len(have) != 2 {
		t.Errorf("%d entries", len(have))
	}
}

func TestAShardThatCannotSayIsAnErrorThatNamesIt(t *testing.T) {
	s := serving(2, 2)
	s.down["n3:9000"], s.down["n4:9000"] = true, true
	_, err := s.store().Read(t.Context(), false)
	refused(t, err, "shard 2", "n3:9000", "n4:9000")
	s.down["n4:9000"] = false
	if _, err := s.store().Read(t.Context(), false); err != nil {
		t.Errorf("one replica is enough: %v", err)
	}
}

func TestTheBarrierIsOneReplicaOfEachShardBeforeItIsRead(t *testing.T) {
	s := serving(1, 3)
	s.lagging["n1:9000"] = true
	if _, err := s.store().Read(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	// n1 cannot fetch what it lacks: what it says alone would prove nothing.
	want := []string{"n1:9000 sync", "n2:9000 sync", "n2:9000 read", "n3:9000 read"}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Error(diff)
	}
	s.lagging["n2:9000"], s.lagging["n3:9000"] = true, true
	_, err := s.store().Read(t.Context(), true)
	refused(t, err, "shard 1")
}

func TestTheBarrierIsForTheOneReplicaThatIsNotLeftOutToo(t *testing.T) {
	s := serving(1, 1)
	s.lagging["n1:9000"] = true
	store := s.store()
	store.options.LeftOut = []journal.Node{{Host: "out", Port: 9000, Shard: 1}}
	_, err := store.Read(t.Context(), true)
	refused(t, err, "shard 1")
}

func TestAReplicaThatHasNotReadItsQueueIsNoBarrier(t *testing.T) {
	s := serving(1, 2)
	s.down["n1:9000"], s.old["n2:9000"] = true, true
	_, err := s.store().Read(t.Context(), true)
	refused(t, err, "n2:9000", "may be old")
}

func TestNoBarrierWhereThereIsOneReplica(t *testing.T) {
	s := serving(1, 1)
	if _, err := s.store().Read(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"n1:9000 read"}, s.asked); diff != "" {
		t.Error(diff)
	}
}

func TestRowsCountsWhereTheTableIs(t *testing.T) {
	s := serving(2, 2)
	delete(s.columns, "n1:9000")
	s.put("n2:9000", entry("0001", journal.Completed, 1))
	s.put("n4:9000", entry("0002", journal.Completed, 1), entry("0003", journal.Completed, 1))
	if n, err := s.store().Rows(t.Context()); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

package state

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
)

func TestTheQuorumIsAMajorityAndTwoWhereThereAreTwo(t *testing.T) {
	for replicas, want := range map[int]int{1: 0, 2: 2, 3: 2, 4: 3, 5: 3} {
		s := serving(1, replicas)
		if err := s.store().Write(t.Context(), entry("0001", journal.InProgress, 1)); err != nil {
			t.Fatal(err)
		}
		if have := s.inserts[0].quorum; have != want {
			t.Errorf("%d replicas: quorum %d, want %d", replicas, have, want)
		}
		if err := s.store().WriteAnyhow(t.Context(), entry("0001", journal.InProgress, 2)); err != nil {
			t.Fatal(err)
		}
		if have := s.inserts[1].quorum; have != 0 {
			t.Errorf("%d replicas: an error text is written with a quorum of %d", replicas, have)
		}
	}
}

func TestASingleNodeHasNoQuorum(t *testing.T) {
	s := serving(1, 2)
	store := s.store()
	store.options.SingleNode = true
	if err := store.Write(t.Context(), entry("0001", journal.InProgress, 1)); err != nil {
		t.Fatal(err)
	}
	if s.inserts[0].quorum != 0 {
		t.Errorf("quorum %d", s.inserts[0].quorum)
	}
}

func TestEntriesOfOneWriteAreOneInsert(t *testing.T) {
	s := serving(1, 2)
	if err := s.store().Write(t.Context(), entry("0001", journal.Completed, 1), entry("0002", journal.InProgress, 2)); err != nil {
		t.Fatal(err)
	}
	if len(s.inserts) != 1 || len(s.inserts[0].rows) != 2 || s.inserts[0].table != "default.migrations_local" {
		t.Errorf("inserts %+v", s.inserts)
	}
	if diff := cmp.Diff(ours(), s.inserts[0].columns); diff != "" {
		t.Error(diff)
	}
}

// The server drops a block that it has already: that alone makes repeating safe.
func TestAnUnknownOutcomeIsAnsweredWithTheIdenticalBlock(t *testing.T) {
	s := serving(1, 2)
	s.answers = []error{errUnknown, errTryAgain, errUnknown}
	e := entry("0001", journal.InProgress, 5)
	e.PendingNodes, e.Timestamp = []string{"n1:9000"}, time.Unix(1700000000, 5)
	if err := s.store().Write(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if len(s.inserts) != 4 {
		t.Fatalf("%d inserts, want 4", len(s.inserts))
	}
	var nodes []string
	for _, in := range s.inserts {
		nodes = append(nodes, in.node)
		if diff := cmp.Diff(s.inserts[0].rows, in.rows); diff != "" {
			t.Errorf("another block: %s", diff)
		}
		if in.quorum != 2 {
			t.Errorf("quorum %d: it is not durable", in.quorum)
		}
	}
	if diff := cmp.Diff([]string{"n1:9000", "n2:9000", "n1:9000", "n2:9000"}, nodes); diff != "" {
		t.Errorf("the replicas in turn: %s", diff)
	}
}

func TestAFinalAnswerIsNotRepeated(t *testing.T) {
	s := serving(1, 2)
	refusal := errors.New("497 not enough privileges")
	s.answers = []error{refusal}
	err := s.store().Write(t.Context(), entry("0001", journal.InProgress, 1))
	if !errors.Is(err, refusal) || !strings.Contains(err.Error(), "write the state of events/0001") {
		t.Errorf("have %v", err)
	}
	if len(s.inserts) != 1 {
		t.Errorf("%d inserts", len(s.inserts))
	}
}

func TestAWriteGivesUpAtItsLimit(t *testing.T) {
	s := serving(1, 2)
	for range 100 {
		s.answers = append(s.answers, errTryAgain)
	}
	store := s.store()
	store.options.WriteLimit = 10 * time.Millisecond
	if err := store.Write(t.Context(), entry("0001", journal.InProgress, 1)); !errors.Is(err, errTryAgain) {
		t.Errorf("have %v", err)
	}
}

func TestAWriteEndsWithItsContext(t *testing.T) {
	s := serving(1, 2)
	for range 100 {
		s.answers = append(s.answers, errTryAgain)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.store().Write(ctx, entry("0001", journal.InProgress, 1)); err == nil {
		t.Error("want an error")
	}
}

func TestAGroupsRowsGoWhereTheDistributedTableWouldPutThem(t *testing.T) {
	s := serving(3, 2)
	s.hash = 1 // the second of three shards
	s.down["n1:9000"] = true
	store := s.store()
	for version := range uint64(2) {
		if err := store.Write(t.Context(), entry("0001", journal.InProgress, version)); err != nil {
			t.Fatal(err)
		}
	}
	if s.inserts[0].node != "n3:9000" {
		t.Errorf("written on %s, want a replica of shard 2", s.inserts[0].node)
	}
	// Asked once, and of a node that answers.
	if diff := cmp.Diff([]string{"n2:9000 SELECT toString(cityHash64('events') % 3)"}, s.asked); diff != "" {
		t.Error(diff)
	}
}

// A query with FINAL through the Distributed table sees one row only if all
// rows of a migration are on one shard.
func TestAGroupsRowsGoWhereTheyAreAlready(t *testing.T) {
	s := serving(3, 1)
	s.hash = 0
	s.put("n3:9000", entry("0001", journal.Completed, 1))
	store := s.store()
	if _, err := store.Read(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if err := store.Write(t.Context(), entry("0002", journal.InProgress, 2)); err != nil {
		t.Fatal(err)
	}
	if s.inserts[0].node != "n3:9000" {
		t.Errorf("written on %s, and the group's rows are on n3:9000", s.inserts[0].node)
	}
}

func TestNoNodeToChooseTheShardIsAnError(t *testing.T) {
	s := serving(2, 1)
	s.down["n1:9000"], s.down["n2:9000"] = true, true
	if err := s.store().Write(t.Context(), entry("0001", journal.InProgress, 1)); !errors.Is(err, errDown) {
		t.Errorf("have %v", err)
	}
}

func TestTheAuditTrailIsWrittenOnAnyNodeThatTakesIt(t *testing.T) {
	s := serving(1, 2)
	s.answers = []error{errDown}
	r := s.store().Recorder("run-1")
	key := journal.Key{Group: "events", ID: "0001"}
	r.Record(journal.MigrationStarted{Key: key, Direction: journal.Backward})
	r.Record(journal.StatementSent{Key: key, Step: 2, Text: "DROP TABLE t"})
	r.Record(journal.HostFinished{Key: key, Step: 2, Host: journal.HostOutcome{Node: "n1:9000", Outcome: journal.Failed, Code: 60, Error: "no"}})
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.inserts) != 2 || s.inserts[1].node != "n2:9000" || s.inserts[1].table != "default.migration_steps_local" {
		t.Fatalf("inserts %+v", s.inserts)
	}
	row := s.inserts[1].rows[0]
	want := []any{"events", "0001", "run-1", "backward", uint32(2), "n1:9000", "failed", uint32(60), "no", "DROP TABLE t"}
	have := append(append([]any{}, row[:2]...), row[3:11]...) // without time and duration
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	if err := r.Flush(t.Context()); err != nil || len(s.inserts) != 2 {
		t.Errorf("flushed twice: %v, %d inserts", err, len(s.inserts))
	}
}

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
	var reasons []string
	store.options.Waiting = func(reason string, _, limit time.Duration) { reasons = append(reasons, reason+" "+limit.String()) }
	err := store.Write(t.Context(), entry("0001", journal.InProgress, 1))
	var unknown *journal.UnknownRowError
	if !errors.Is(err, errTryAgain) || errors.As(err, &unknown) {
		t.Errorf("have %v", err)
	}
	if len(reasons) > 0 && !strings.Contains(reasons[0], "cannot be written yet") {
		t.Errorf("said %q while it waited", reasons)
	}
}

// An insert that was cut off may have landed, whatever became of those after it.
func TestAWriteThatMayHaveLandedSaysSo(t *testing.T) {
	s := serving(1, 2)
	s.answers = append(s.answers, errUnknown, errors.New("refused"))
	err := s.store().Write(t.Context(), entry("0001", journal.InProgress, 1))
	var unknown *journal.UnknownRowError
	if !errors.As(err, &unknown) {
		t.Errorf("want a *journal.UnknownRowError, have %v", err)
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

// Without a node a row is on as many of the others as it would be with it, if
// there are so many.
func TestTheQuorumOfTheReplicasThatAreLeft(t *testing.T) {
	for _, test := range []struct {
		left, out, quorum int
		lowered           []string
	}{
		{1, 1, 0, []string{"1 of 2 replicas of shard 1"}},
		{2, 1, 2, nil},
		{3, 2, 3, nil},
		{2, 3, 2, []string{"2 of 5 replicas of shard 1"}},
	} {
		s := serving(1, test.left)
		store := s.store()
		for range test.out {
			store.options.LeftOut = append(store.options.LeftOut, journal.Node{Host: "out", Port: 9000, Shard: 1})
		}
		if err := store.Write(t.Context(), entry("0001", journal.InProgress, 1)); err != nil {
			t.Fatal(err)
		}
		if have := s.inserts[0].quorum; have != test.quorum {
			t.Errorf("%d of %d replicas: quorum %d, want %d", test.left, test.left+test.out, have, test.quorum)
		}
		if diff := cmp.Diff(test.lowered, store.Lowered()); diff != "" {
			t.Error(diff)
		}
	}
}

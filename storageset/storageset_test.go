package storageset_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/storageset"
)

func TestAssignRefusesASetOnTwoClusters(t *testing.T) {
	_, err := storageset.Assign(map[string][]storageset.Key{
		"zeta": {"events"}, "alpha": {"migrations", "events"},
	})
	if err == nil {
		t.Fatal("want an error")
	}
	// Sorted by cluster, so that the text is the same each time.
	want := `storage set "events" is on two clusters: "alpha" and "zeta"`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestASetNamedTwiceOnOneClusterIsOnIt(t *testing.T) {
	m, err := storageset.Assign(map[string][]storageset.Key{"events": {"events", "events"}})
	if err != nil {
		t.Fatal(err)
	}
	if name, err := m.Cluster("events"); name != "events" || err != nil {
		t.Errorf("Cluster = %q, %v", name, err)
	}
}

func TestClusterFindsTheClusterOfEachSet(t *testing.T) {
	m, err := storageset.Assign(map[string][]storageset.Key{
		"one": {"migrations", "events"}, "two": {"transactions"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[storageset.Key]string{"migrations": "one", "events": "one", "transactions": "two"} {
		if have, err := m.Cluster(key); have != want || err != nil {
			t.Errorf("Cluster(%q) = %q, %v, want %q", key, have, err, want)
		}
	}
	want := []storageset.Key{"events", "migrations", "transactions"}
	if diff := cmp.Diff(want, m.Keys()); diff != "" {
		t.Errorf("Keys are not sorted (-want +got):\n%s", diff)
	}
}

func TestAnUnknownSetIsAnErrorThatListsTheOthers(t *testing.T) {
	m, err := storageset.Assign(map[string][]storageset.Key{"one": {"migrations", "events"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Cluster("Events") // compared exactly
	var unknown *storageset.UnknownError
	if !errors.As(err, &unknown) {
		t.Fatalf("want *UnknownError, have %v", err)
	}
	if diff := cmp.Diff(&storageset.UnknownError{Key: "Events", Known: []storageset.Key{"events", "migrations"}}, unknown); diff != "" {
		t.Error(diff)
	}
	want := `storage set "Events" is on no cluster: add it to clusters[].storage_sets (there are: events, migrations)`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestTheZeroMapIsEmpty(t *testing.T) {
	var m storageset.Map
	if keys := m.Keys(); len(keys) != 0 {
		t.Errorf("Keys = %v", keys)
	}
	if _, err := m.Cluster("events"); err == nil {
		t.Error("a set on no cluster was found")
	}
}

package coordinator

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// comparer keeps what it was asked.
type comparer struct {
	asked []compare.Inquiry
	down  string // the cluster of which no node answers
}

// Compare implements Comparer.
func (c *comparer) Compare(_ context.Context, inquiry compare.Inquiry) (compare.Report, error) {
	c.asked = append(c.asked, inquiry)
	if inquiry.Cluster == c.down {
		return compare.Report{}, journal.Refusef("cluster %q: no host answers", inquiry.Cluster)
	}
	return compare.Report{Cluster: inquiry.Cluster}, nil
}

// verifying is a Coordinator over two clusters, of which one has no migrations.
func verifying(t *testing.T, c *comparer) *Coordinator {
	t.Helper()
	sets, err := storageset.Assign(map[string][]storageset.Key{
		"main": {"migrations", "events", "unused"}, "other": {"transactions", "idle"},
	})
	if err != nil {
		t.Fatal(err)
	}
	dist := ops.CreateTable{
		Table:   ops.DistributedTable("events", "a_dist"),
		Columns: []ops.Column{{Name: "id", Type: "UInt64"}},
		Engine:  ops.Engine{Kind: ops.DistributedEngine, LocalTable: "a_local"},
	}
	rename := ops.RenameTable{From: ops.LocalTable("transactions", "b"), To: "c"}
	return New(Options{
		Registry: registry(t,
			group("events", makes("0001", create("events", "a_local"), dist)),
			group("transactions", makes("0001", create("transactions", "b")), makes("0002", rename)),
		),
		Sets: sets, Comparer: c,
	})
}

func TestVerifyAsksForTheTablesThatMigrationsName(t *testing.T) {
	name := func(table string) compare.Name { return compare.Name{Table: table} }
	local, query := compare.Home{Local: true}, compare.Home{Query: true}
	of := map[compare.Name]compare.Home{name("a_local"): local, name("a_dist"): query}
	main := map[compare.Name]compare.Home{name("migrations_local"): local, name("a_local"): local, name("a_dist"): query}
	other := map[compare.Name]compare.Home{name("b"): local, name("c"): local}
	for set, want := range map[storageset.Key][]compare.Inquiry{
		"":             {{Cluster: "main", Homes: main}, {Cluster: "other", Homes: other}},
		"events":       {{Cluster: "main", Homes: of, Only: true}},
		"transactions": {{Cluster: "other", Homes: other, Only: true}},
	} {
		c := &comparer{}
		if _, err := verifying(t, c).Verify(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.asked); diff != "" {
			t.Errorf("storage set %q: %s", set, diff)
		}
	}
}

func TestVerifyRefusesAStorageSetWithNothingToCompare(t *testing.T) {
	for _, set := range []storageset.Key{"unused", "nowhere"} {
		c := &comparer{}
		_, err := verifying(t, c).Verify(t.Context(), set)
		var usage *journal.UsageError
		if !errors.As(err, &usage) || len(c.asked) > 0 {
			t.Errorf("storage set %q: %v, asked %v", set, err, c.asked)
		}
	}
}

func TestVerifyReportsTheOtherClustersWhenOneIsDown(t *testing.T) {
	c := &comparer{down: "main"}
	reports, err := verifying(t, c).Verify(t.Context(), "")
	var preflight *journal.PreflightError
	if !errors.As(err, &preflight) {
		t.Errorf("error: %v", err)
	}
	if len(reports) != 1 || reports[0].Cluster != "other" {
		t.Errorf("reports: %+v", reports)
	}
}

package coordinator

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// clinic says of a cluster what a test put there, and counts the questions.
type clinic struct {
	asked []doctor.Inquiry
	found doctor.Cluster
}

// Health implements Health.
func (c *clinic) Health(_ context.Context, inquiry doctor.Inquiry) doctor.Cluster {
	c.asked = append(c.asked, inquiry)
	out := c.found
	out.Name = inquiry.Cluster
	return out
}

func examined(t *testing.T, migrations ...migration.Migration) (*Coordinator, *world, *clinic) {
	t.Helper()
	c, w := bench(t, migration.Group{Name: "events", Migrations: migrations})
	k := &clinic{}
	for _, n := range twoByTwo().Local {
		k.found.Nodes = append(k.found.Nodes, doctor.Node{Name: n.Name(), Shard: n.Shard, Version: "24.8.1.1", FreeKnown: true, Free: 1000})
	}
	c.options.Health = k
	return c, w, k
}

func madeTable(name string) migration.Migration {
	return migration.Migration{ID: "0001", Forward: []ops.Operation{ops.CreateTable{
		Table: ops.LocalTable("events", name), Columns: []ops.Column{{Name: "id", Type: "UInt64"}},
		Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	}}}
}

// Before a change each cluster is asked once, for its vitals alone; what is wrong
// and not an error is said once.
func TestAChangeAsksOnceAndWarnsOnce(t *testing.T) {
	c, w, k := examined(t, madeTable("a"))
	k.found.Nodes[0].Version = "23.3.2.1"
	if _, err := c.Migrate(t.Context(), Request{}); err != nil {
		t.Fatal(err)
	}
	if len(k.asked) != 1 || k.asked[0].Parts != doctor.PartVitals {
		t.Errorf("asked %+v", k.asked)
	}
	warned := slices.DeleteFunc(slices.Clone(w.log), func(line string) bool { return !strings.HasPrefix(line, "warning: versions: ") })
	if len(warned) != 1 || len(w.sent) == 0 {
		t.Errorf("%d statements were sent, %q", len(w.sent), w.log)
	}
	if len(w.asked) > 0 {
		t.Errorf("sizes were asked for, and nothing is rewritten: %+v", w.asked)
	}
}

// An error refuses the change before anything is written, unless its check is
// skipped; what is half-done is finished all the same.
func TestAnErrorStopsAChange(t *testing.T) {
	c, w, k := examined(t, madeTable("a"))
	k.found.LocalName, k.found.QueryName = "events", "events"
	for i := range k.found.Nodes {
		k.found.Nodes[i].Clusters = map[string][]journal.Node{"events": twoByTwo().Local}
	}
	k.found.Nodes[2].Clusters = nil
	_, err := c.Migrate(t.Context(), Request{})
	if kind(err) != preflight || len(w.sent)+len(w.written) > 0 {
		t.Fatalf("%d sent, %d written, %v", len(w.sent), len(w.written), err)
	}
	for _, word := range []string{"nothing was changed", "topology", k.found.Nodes[2].Name, "--skip-check topology", "skein doctor"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no %q in: %v", word, err)
		}
	}
	if _, err := c.Migrate(t.Context(), Request{SkipChecks: []string{"topology"}}); err != nil {
		t.Fatal(err)
	}
	w.entries = systemDone().and(state(journal.InProgress, key("events", "0001")))
	w.log = nil
	_, err = c.Resume(t.Context(), Request{})
	if kind(err) == preflight && strings.Contains(err.Error(), "topology") {
		t.Errorf("what is in progress is kept from its end: %v", err)
	}
	if !slices.ContainsFunc(w.log, func(line string) bool { return strings.HasPrefix(line, "warning: topology: ") }) {
		t.Errorf("nothing is said: %q", w.log)
	}
}

// Rows that would be rewritten have to fit on the disk of each node twice.
func TestRewritesHaveToFit(t *testing.T) {
	c, w, k := examined(t, migration.Migration{ID: "0001", Irreversible: "a test", Forward: []ops.Operation{ops.RunSQL{
		Place: ops.LocalTable("events", "a").Place, SQL: "ALTER TABLE {db}.a {on_cluster} UPDATE v = 1 WHERE 1", Scope: ops.RunOnePerReplicaSet,
		Writes: []ops.Table{{Database: "default", Name: "a"}}, Mutation: true, RewritesData: true,
	}}})
	for i := range w.facts {
		w.facts[i].Tables["default.a"] = tableOf(w.facts[i])
	}
	w.holdings = map[string]danger.Holding{}
	for i, n := range twoByTwo().Local {
		have := danger.Amount{Known: true, Rows: 10, Bytes: uint64(998 + i)}
		w.holdings[n.Name()] = danger.Holding{Tables: map[string]danger.TableHolding{"default.a": {Engine: "ReplicatedMergeTree", Amount: have}}}
	}
	_, err := c.Migrate(t.Context(), Request{})
	if kind(err) != preflight || len(w.sent) > 0 {
		t.Fatalf("%d sent, %v", len(w.sent), err)
	}
	for i, n := range k.found.Nodes {
		if refused := strings.Contains(err.Error(), n.Name+": the plan rewrites up to "); refused != (998+i > 1000) {
			t.Errorf("%s would rewrite %d of 1000 bytes: %v", n.Name, 998+i, err)
		}
	}
}

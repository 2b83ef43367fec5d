package preview_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// shownPlan is what plan --output json says.
type shownPlan struct {
	Groups []struct {
		Group             string
		Migrations, Steps int
		Nodes             []string
	}
	LeftAlone  []struct{ Group, Why string } `json:"left_alone"`
	Migrations []struct {
		Group, ID string
		Steps     []struct {
			Risk   string
			Amount *amount
		}
	}
	Totals struct {
		Steps int
		Drops struct {
			Steps  int
			Amount *amount
		} `json:"drops_data"`
	}
}

type amount struct {
	Known       bool
	Rows, Bytes uint64
	ReplicaSets int `json:"replica_sets"`
}

func (p *project) planned() shownPlan {
	p.t.Helper()
	var out shownPlan
	if err := json.Unmarshal([]byte(p.must(0, "plan", "--output", "json").stdout), &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

// Rows and bytes are what the nodes' own system.parts have, of one replica of each
// shard: two replicas of a row are one row.
func TestRowsAndBytesAreThoseOfTheNodesAndReplicasCountOnce(t *testing.T) {
	engines(t, func(t *testing.T, c *testcluster.Cluster) {
		p := newProject(t, c)
		p.must(0, "migrate")
		p.fill(20_000)
		p.file("events/0002_drop.yaml", "add_column: {table: d_local, column: {name: note, type: String}}",
			"drop_table: {table: d_local, was: {columns: [{name: id, type: UInt64}], engine: {kind: MergeTree, order_by: id}}}")
		want := amount{Known: true}
		var nodes []string
		onAll := uint64(0)
		for _, n := range c.Nodes {
			nodes = append(nodes, n.Addr())
			row := running.Query(t, n, "SELECT toString(sum(rows)), toString(sum(bytes_on_disk)) FROM system.parts "+
				"WHERE active AND database = currentDatabase() AND table = 'd_local'")[0]
			onAll += number(t, row[0])
			if n.Replica <= 1 {
				want.Rows, want.Bytes, want.ReplicaSets = want.Rows+number(t, row[0]), want.Bytes+number(t, row[1]), want.ReplicaSets+1
			}
		}
		if want.Bytes == 0 || len(nodes) > 1 && onAll == want.Rows {
			t.Fatalf("%d rows on all nodes, %d counted once, %d bytes: this test shows nothing", onAll, want.Rows, want.Bytes)
		}
		have := p.planned()
		if diff := cmp.Diff(&want, have.Migrations[0].Steps[1].Amount); diff != "" {
			t.Errorf("the step (-system.parts +plan):\n%s", diff)
		}
		if diff := cmp.Diff(&want, have.Totals.Drops.Amount); diff != "" {
			t.Errorf("the total (-system.parts +plan):\n%s", diff)
		}
		group := have.Groups[0]
		if group.Group != "events" || group.Migrations != 1 || group.Steps != 2 || !cmp.Equal(nodes, group.Nodes) {
			t.Errorf("%+v, want 1 migration, 2 steps on %v", group, nodes)
		}
	})
}

func number(t *testing.T, text string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

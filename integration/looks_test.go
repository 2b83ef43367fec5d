package integration

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// What is there before a migration is asked for together with what comes next: not once
// for each of many small ones.
func TestOneLookServesManyMigrations(t *testing.T) {
	t.Parallel()
	const many = 40
	g := group("events")
	for i := range many {
		g.Migrations = append(g.Migrations, migration.Migration{
			ID: fmt.Sprintf("%04d_table", i+1), Forward: []ops.Operation{createTable(fmt.Sprintf("t%02d_local", i+1))},
		})
	}
	s := newSession(t, servers.modern.Cluster(t), g)
	n := s.Servers.Nodes[0]
	exec(t, n, "SYSTEM FLUSH LOGS")
	exec(t, n, "TRUNCATE TABLE IF EXISTS system.query_log")
	s.Must(0, "migrate")
	exec(t, n, "SYSTEM FLUSH LOGS")
	looks := query(t, n, "SELECT toString(count()) FROM system.query_log WHERE type = 'QueryFinish' AND query LIKE 'SELECT \\'table\\', %'")
	// One look is for fifty statements, or for a second of them.
	if count, err := strconv.Atoi(looks[0][0]); err != nil || count < 1 || count > many/2 {
		t.Errorf("%v looks before %d migrations, %v", looks, many, err)
	}
	if made := len(s.tables(n)); made != many {
		t.Errorf("%d tables of %d", made, many)
	}
}

// What a migration's Go function makes is not the next migration's, though both are of
// the same second.
func TestALookComesAfterWhatMayDoAnything(t *testing.T) {
	t.Parallel()
	byHand := do("by_hand", func(ctx context.Context, db ops.DB) error {
		for _, node := range db.Nodes() {
			if err := db.Exec(ctx, node, "CREATE TABLE b_local (id UInt64) ENGINE = MergeTree ORDER BY id"); err != nil {
				return err
			}
		}
		return nil
	})
	s := newSession(t, servers.modern.Cluster(t), group("events",
		migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}},
		migration.Migration{ID: "0002_by_hand", Forward: []ops.Operation{byHand}},
		migration.Migration{ID: "0003_b", Forward: []ops.Operation{createTable("b_local"), createTable("c_local")}},
	))
	running.Says(t, s.Must(5, "migrate").Stderr, "events/0003_b stopped at step 1 of 2", "b_local already exists")
	s.Must(0, "reverse-in-progress", "--group", "events")
	if have := s.tables(s.Servers.Nodes[0]); !slices.Equal(have, []string{"a_local", "b_local"}) {
		t.Errorf("%v are left", have)
	}
}

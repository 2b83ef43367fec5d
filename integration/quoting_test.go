package integration

import (
	"fmt"
	"testing"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// Names with every kind of nuisance come through rendering, ON CLUSTER,
// Replicated paths and the conditions, and back.
func TestNamesThatNeedQuoting(t *testing.T) {
	t.Parallel()
	for name, shared := range map[string]*testcluster.Pool{"2x2": &servers.cluster, "26.7": &servers.modern} {
		t.Run(name, func(t *testing.T) {
			c := shared.Cluster(t)
			var forward []ops.Operation
			names := []string{"a b", "a'b", "a`b", `a\b`, `a"b`, "größe", "表", "a.b", "a{b", "select"}
			for i, nuisance := range names {
				table := createTable(nuisance, ops.Column{Name: nuisance + "!", Type: "String", Expression: ops.String(nuisance)})
				table.Engine.OrderBy = "id"
				// What may stand in a ZooKeeper path is another matter than what may be a name.
				table.Engine.LocalOnly = true
				forward = append(forward, table,
					ops.AddColumn{Table: local(nuisance), Column: ops.Column{Name: nuisance + "?", Type: "String"}})
				if i%2 == 0 {
					forward = append(forward, ops.RenameTable{From: local(nuisance), To: nuisance + " new"})
				}
			}
			s := newSession(t, c, group("events", migration.Migration{ID: "0001_names", Forward: forward}))
			s.Must(0, "migrate")
			got := map[string]bool{}
			for _, table := range s.tables(c.Nodes[0]) {
				got[table] = true
			}
			for i, nuisance := range names {
				want := nuisance
				if i%2 == 0 {
					want += " new"
				}
				if !got[want] {
					t.Errorf("no table %q", want)
				}
				rows := s.everywhere(fmt.Sprintf("SELECT name FROM system.columns WHERE database = currentDatabase() AND table = %s ORDER BY name", ops.String(want)))
				if len(rows) != 3 {
					t.Errorf("columns of %q: %v", want, rows)
				}
			}
			s.Must(0, "revert", "--force")
			if names := s.tables(c.Nodes[0]); len(names) > 0 {
				t.Errorf("still there: %v", names)
			}
		})
	}
}

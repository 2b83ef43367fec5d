package integration

import (
	"slices"
	"testing"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// What skein asks a node about a column's default leaves nothing behind that depends on
// the dictionary in it: the server would refuse to drop that (630) until a restart.
func TestADictionaryInADefaultCanBeDroppedLater(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	n := c.Nodes[0]
	names := ops.CreateDictionary{
		Table:      local("names"),
		Columns:    []ops.Attribute{{Name: "id", Type: "UInt64"}, {Name: "s", Type: "String", Default: "'none'"}},
		PrimaryKey: []string{"id"},
		Source:     ops.DictionarySource{Kind: ops.SourceClickHouse, Arguments: []ops.Argument{{Name: "TABLE", Value: "a"}, {Name: "DB", Value: "{db}"}}},
		Reads:      []ops.Table{local("a")}, Layout: ops.Layout{Kind: "FLAT"}, Lifetime: &ops.Lifetime{Max: 10},
	}
	table := createTable("asks", ops.Column{Name: "first", Type: "String", Expression: "dictGet('names', 's', id)"})
	added := ops.Column{Name: "second", Type: "String", Kind: ops.Materialized, Expression: "upper(dictGet('names', 's', id))"}
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a", ops.Column{Name: "s", Type: "String"}), names, table}},
		migration.Migration{ID: "0002_b", Forward: []ops.Operation{ops.AddColumn{Table: local("asks"), Column: added}}},
		migration.Migration{ID: "0003_c", Forward: []ops.Operation{
			ops.DropColumn{Table: local("asks"), Name: "second", Was: &added},
			ops.DropTable{Table: local("asks"), Was: &table},
			ops.DropDictionary{Table: local("names"), Was: &names},
		}},
	))
	s.Must(0, "migrate", "--force")
	if left := s.tables(n); !slices.Equal(left, []string{"a"}) {
		t.Errorf("left: %v", left)
	}
	s.Must(0, "rollback", "3", "--group", "events", "--force")
	if left := s.tables(n); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

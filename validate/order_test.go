package validate_test

import (
	"testing"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

func TestADistributedTableComesAfterItsLocalOneAndGoesBefore(t *testing.T) {
	a, b := create("t", "id", "a"), over("t", "id", "a")
	alias := over("t", "id", "a")
	alias.Columns = append(alias.Columns, ops.Column{Name: "twice", Type: "UInt64", Kind: ops.Alias, Expression: "a * 2"})
	nested := create("t", "id", "n.a", "n.b")
	check(t, []example{
		{"in order", list{makes("1", a, b)}, nil},
		{"in order, in two migrations", list{makes("1", a), makes("2", b)}, nil},
		{"the other way round", list{makes("1", b, a)}, []string{"1 1 distributed-before-local", "1 backward 1 local-before-distributed"}},
		{"a migration too early", list{makes("1", b), makes("2", a)}, []string{"1 1 distributed-before-local", "2 backward 1 local-before-distributed"}},
		{"over a table that no migration makes", list{makes("1", b)}, nil},
		{"over one that only a way back works on", list{makes("1", b), {
			ID: "2", Forward: []ops.Operation{create("u")}, Backward: []ops.Operation{add(local("t"), "c")},
		}}, nil},
		{"over one that only a way back makes", list{makes("1", b), {
			ID: "2", Forward: []ops.Operation{create("u")}, Backward: []ops.Operation{a},
		}}, nil},
		{"over one that is gone", list{makes("1", a), makes("2", drop(a)), irreversible("3", b)}, []string{"3 1 distributed-before-local"}},
		{"over one that a RunSQL may make", list{makes("1", ops.RunSQL{
			Place: local("").Place, Scope: ops.RunEveryNode, SQL: "CREATE TABLE t (id UInt64) ENGINE = Log", Writes: []ops.Table{{Name: "t"}},
			Undo: &ops.RunSQL{Scope: ops.RunEveryNode, SQL: "DROP TABLE t", Writes: []ops.Table{{Name: "t"}}},
		}, b)}, nil},
		{"with a column that the local one has not", list{makes("1", create("t"), b)}, []string{"1 2 distributed-before-local"}},
		{"with an ALIAS of its own", list{makes("1", a, alias)}, nil},
		{"with Nested for its parts", list{makes("1", nested, over("t", "id", "n"))}, nil},
		{"dropped in order", list{makes("1", a, b), makes("2", drop(b), drop(a))}, nil},
		{"the local one dropped first", list{makes("1", a, b), makes("2", drop(a), drop(b))}, []string{
			"2 1 local-before-distributed", "2 backward 1 distributed-before-local",
		}},
		{"a given way back in the wrong order", list{{
			ID: "1", Forward: []ops.Operation{a, b}, Backward: []ops.Operation{drop(a), drop(b)},
		}}, []string{"1 backward 1 local-before-distributed"}},
		{"of a Raw engine", list{makes("1", like(b, func(o *ops.CreateTable) {
			o.Engine = ops.Engine{Kind: ops.Raw, Text: "Distributed('cluster', default, `t`, rand())"}
		}), a)}, []string{"1 1 distributed-before-local", "1 backward 1 local-before-distributed"}},
		{"of a Raw engine over another cluster", list{makes("1", like(b, func(o *ops.CreateTable) {
			o.Engine = ops.Engine{Kind: ops.Raw, Text: "Distributed('elsewhere', default, t)"}
		}), a)}, nil},
		{"of the same name on other nodes", list{makes("1", a, like(b, func(o *ops.CreateTable) {
			o.Table.Name = "t"
		})), makes("2", drop(a))}, []string{"2 1 local-before-distributed"}},
	})
}

func TestAColumnComesToTheLocalTableFirstAndGoesLast(t *testing.T) {
	l, d := local("t"), dist("d_t")
	made := makes("1", create("t", "id", "a"), over("t", "id", "a"))
	check(t, []example{
		{"added in order", list{made, makes("2", add(l, "c"), add(d, "c"))}, nil},
		{"added the other way round", list{made, makes("2", add(d, "c"), add(l, "c"))}, []string{
			"2 1 distributed-before-local", "2 backward 1 local-before-distributed",
		}},
		{"added to the Distributed table alone", list{made, makes("2", add(d, "c"))}, []string{"2 1 distributed-before-local"}},
		{"added to the local table alone", list{made, makes("2", add(l, "c"))}, nil},
		{"dropped in order", list{made, makes("2", remove(d, "a"), remove(l, "a"))}, nil},
		{"dropped the other way round", list{made, makes("2", remove(l, "a"), remove(d, "a"))}, []string{
			"2 1 local-before-distributed", "2 backward 1 distributed-before-local",
		}},
		{"retyped in order", list{made, makes("2", retype(l, "a", "UInt64", "String"), retype(d, "a", "UInt64", "String"))}, nil},
		{"retyped the other way round", list{made, makes("2", retype(d, "a", "UInt64", "String"), retype(l, "a", "UInt64", "String"))}, []string{
			"2 1 distributed-before-local",
		}},
		{"inside When", list{made, makes("2", ops.When{If: ops.Test{SingleNode: true, Not: true}, Then: ops.Operations{add(d, "c")}})}, []string{
			"2 1 distributed-before-local",
		}},
		{"in the branch that is not taken", list{made, makes("2", ops.When{If: ops.Test{SingleNode: true}, Then: ops.Operations{add(d, "c")}})}, nil},
		// The local table was there before: what it gets later on it has not yet.
		{"over a table of unknown columns", list{makes("1", over("t", "id", "a")), makes("2", add(d, "c")), makes("3", add(l, "c"))}, []string{
			"2 1 distributed-before-local", "3 backward 1 local-before-distributed",
		}},
		{"over a table of unknown columns, in order", list{makes("1", over("t", "id", "a")), makes("2", add(l, "c"), add(d, "c"))}, nil},
		{"behind SQL that may have added it", list{made, makes("2", ops.RunSQL{
			Place: l.Place, Scope: ops.RunEveryNode, SQL: "ALTER TABLE {db}.t ADD COLUMN c UInt64", Writes: []ops.Table{{Name: "t"}},
			Undo: &ops.RunSQL{Scope: ops.RunEveryNode, SQL: "SELECT 1"},
		}, add(d, "c"))}, nil},
		{"behind SQL that adds none", list{made, makes("2", ops.RunSQL{
			Place: l.Place, Scope: ops.RunOneNode, SQL: "INSERT INTO t VALUES (1, 2)", Writes: []ops.Table{{Name: "t"}},
			Undo: &ops.RunSQL{Scope: ops.RunOneNode, SQL: "SELECT 1"},
		}, add(d, "c"))}, []string{"2 2 distributed-before-local"}},
	})
}

func TestAViewComesAfterItsTablesAndGoesBefore(t *testing.T) {
	from, to := create("from"), create("to")
	gone := func(t string) ops.DropTable { return drop(create(t)) }
	check(t, []example{
		{"in order", list{makes("1", from, to, view("v", "to", "from"))}, nil},
		{"before its target", list{makes("1", from, view("v", "to", "from"), to)}, []string{
			"1 2 view-before-target", "1 backward 1 dropped-while-read",
		}},
		{"before its source", list{makes("1", to, view("v", "to", "from"), from)}, []string{
			"1 2 view-before-source", "1 backward 1 dropped-while-read",
		}},
		{"over tables that no migration makes", list{makes("1", view("v", "to", "from"))}, nil},
		{"the source dropped", list{makes("1", from, to, view("v", "to", "from")), makes("2", gone("from"))}, []string{"2 1 dropped-while-read"}},
		{"the target dropped", list{makes("1", from, to, view("v", "to", "from")), makes("2", gone("to"))}, []string{"2 1 dropped-while-read"}},
		{"a source that no migration makes dropped", list{makes("1", view("v", "to", "from")), makes("2", gone("from"))}, []string{"2 1 dropped-while-read"}},
		{"the view dropped first", list{irreversible("1", from, to, view("v", "to", "from"), ops.DropTable{Table: local("v"), View: true}, gone("from"))}, nil},
		{"the source renamed away", list{makes("1", from, to, view("v", "to", "from")), makes("2", rename("from", "old"))}, []string{"2 1 dropped-while-read"}},
		{"a table of another database dropped", list{makes("1", from, to, view("v", "to", "from"), like(from, func(o *ops.CreateTable) {
			o.Table.Database = "other"
		}))}, nil},
		{"a given way back that drops the target first", list{{
			ID: "1", Forward: []ops.Operation{from, to, view("v", "to", "from")},
			Backward: []ops.Operation{gone("to"), ops.DropTable{Table: local("v"), View: true}, gone("from")},
		}}, []string{"1 backward 1 dropped-while-read"}},
	})
}

// The way back ends where it cannot go on: what is further back is never undone.
func TestTheWayBackEndsAtWhatIsIrreversible(t *testing.T) {
	wrong := migration.Migration{
		ID: "1", Forward: []ops.Operation{create("t"), over("t")},
		Backward: []ops.Operation{drop(create("t")), drop(over("t"))},
	}
	check(t, []example{
		{"reached", list{wrong, makes("2", create("u"))}, []string{"1 backward 1 local-before-distributed"}},
		{"not reached", list{wrong, irreversible("2", create("u"))}, nil},
	})
}

package ops_test

import (
	"context"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/ops"
)

// TestCheckRefuses: each with the operation's name, its table where it has one,
// and what to write instead.
func TestCheckRefuses(t *testing.T) {
	tree := ops.Engine{Kind: ops.MergeTree, OrderBy: "id"}
	u8 := ops.Column{Name: "c", Type: "UInt8"}
	work := func(context.Context, ops.DB) error { return nil }
	sql := func(change func(*ops.RunSQL)) ops.Operation {
		op := ops.RunSQL{Place: atLocal(), SQL: "SELECT 1", Scope: ops.RunOneNode}
		change(&op)
		return op
	}
	code := func(change func(*ops.RunGo)) ops.Operation {
		op := ops.RunGo{Place: atLocal(), Name: "f", Version: 1, Func: work}
		change(&op)
		return op
	}
	engine := func(e ops.Engine) ops.Operation { return create(e) }
	with := func(change func(*ops.CreateTable)) ops.Operation {
		op := create(tree)
		change(&op)
		return op
	}
	for _, test := range []struct {
		op   ops.Operation
		want string
	}{
		{ops.AddColumn{Column: u8}, "no storage set"},
		{ops.AddColumn{Table: ops.Table{Place: ops.Place{StorageSet: "e"}, Name: "t"}, Column: u8}, "no target"},
		{ops.AddColumn{Table: ops.Table{Place: ops.Place{StorageSet: "e", Target: "local"}, Name: "t"}, Column: u8}, "unknown target"},
		{ops.AddColumn{Table: local(""), Column: u8}, "no table"},
		{ops.AddColumn{Table: local("t"), Column: ops.Column{Type: "UInt8"}}, "set Name"},
		{ops.AddColumn{Table: local("t"), Column: ops.Column{Name: "c"}}, "set Type"},
		{ops.AddColumn{Table: local("t"), Column: u8, First: true, After: "a"}, "leave one out"},
		{ops.AddColumn{Table: local("t"), Column: u8, After: "c"}, "After names itself"},
		{ops.AddColumn{Table: local("t"), Column: ops.Column{Name: "c", Type: "UInt8", Kind: "default"}}, "unknown kind"},
		{ops.AddColumn{Table: local("t"), Column: ops.Column{Name: "c", Type: "UInt8", Kind: ops.Alias}}, "set Expression"},
		{ops.DropColumn{Table: local("t")}, "set Name"},
		{ops.DropColumn{Table: local("t"), Name: "d", Was: &u8}, "another column"},
		{ops.DropColumn{Table: local("t"), Name: "d", After: "c"}, "set Was"},
		{ops.ModifyColumn{Table: local("t"), Column: ops.Column{Name: "c"}}, "nothing to change"},
		{ops.ModifyColumn{Table: local("t"), Column: u8, Was: &u8}, "nothing to change"},
		{ops.ModifyColumn{Table: local("t"), Column: u8, Was: &ops.Column{Name: "d", Type: "UInt8"}}, "another column"},
		{ops.ModifyColumn{Table: local("t"), Column: u8, Was: &ops.Column{Name: "c", Comment: "x"}}, "in both"},
		{ops.RenameTable{From: local("t")}, "set To"},
		{ops.RenameTable{From: local("t"), To: "t"}, "the old one"},
		{ops.DropTable{Table: local("t"), Was: &ops.CreateTable{Table: local("u")}}, "another table"},
		{ops.AddIndex{Table: dist("t"), Index: ops.Index{Name: "i", Expression: "c", Type: "minmax"}}, "LOCAL table"},
		{ops.AddIndex{Table: local("t"), Index: ops.Index{Name: "i", Type: "minmax"}}, "set Expression"},
		{ops.AddIndex{Table: local("t"), Index: ops.Index{Name: "i", Expression: "c"}}, "set Type"},
		{ops.DropIndex{Table: local("t")}, "set Name"},
		{ops.CreateMaterializedView{Table: local("v"), Query: "SELECT 1"}, "set To"},
		{ops.CreateMaterializedView{Table: local("v"), To: local("t")}, "set Query"},
		{ops.CreateMaterializedView{Table: local("v"), To: dist("t"), Query: "SELECT 1"}, "one place"},

		{with(func(o *ops.CreateTable) { o.Columns = nil }), "no columns"},
		{with(func(o *ops.CreateTable) { o.Columns[1].Name = "id" }), "there twice"},
		{with(func(o *ops.CreateTable) { o.Engine = ops.Engine{} }), "no engine"},
		{engine(ops.Engine{Kind: "Mergetree", OrderBy: "id"}), "unknown engine"},
		{engine(ops.Engine{Kind: ops.MergeTree}), "OrderBy"},
		{engine(ops.Engine{Kind: ops.ReplacingMergeTree, OrderBy: "id", Version: "v"}), "not among Columns"},
		{engine(ops.Engine{Kind: ops.ReplacingMergeTree, OrderBy: "id", IsDeleted: "id"}), "needs Version"},
		{engine(ops.Engine{Kind: ops.CollapsingMergeTree, OrderBy: "id"}), "needs Sign"},
		{engine(ops.Engine{Kind: ops.VersionedCollapsingMergeTree, OrderBy: "id", Sign: "id"}), "needs Version"},
		{engine(ops.Engine{Kind: ops.MergeTree, OrderBy: "id", Sign: "id"}), "does not read Sign"},
		{engine(ops.Engine{Kind: ops.Memory, OrderBy: "id"}), "does not read OrderBy"},
		{engine(ops.Engine{Kind: ops.DistributedEngine}), "LocalTable"},
		{engine(ops.Engine{Kind: ops.Raw}), "Text"},
		{engine(ops.Engine{Kind: ops.MergeTree, OrderBy: "id", PathSuffix: "/2"}), "PathSuffix"},
		{engine(ops.Engine{Kind: ops.MergeTree, OrderBy: "id", LocalOnly: true, Unsharded: true}), "LocalOnly"},

		{ops.RunSQL{SQL: "SELECT 1", Scope: ops.RunOneNode}, "no storage set"},
		{sql(func(o *ops.RunSQL) { o.SQL = " \n" }), "no SQL"},
		{sql(func(o *ops.RunSQL) { o.Scope = "" }), "no scope"},
		{sql(func(o *ops.RunSQL) { o.Scope = "all" }), "unknown scope"},
		{sql(func(o *ops.RunSQL) { o.Scope = ops.RunOnePerReplicaSet }), "set Writes"},
		{sql(func(o *ops.RunSQL) { o.SQL = "{on_cluster} {on_cluster}" }), "twice"},
		{sql(func(o *ops.RunSQL) { o.Writes = []ops.Table{{}} }), "no table"},
		{sql(func(o *ops.RunSQL) { o.Undo = &ops.RunSQL{SQL: "SELECT 2"} }), "its Undo: no scope"},
		{code(func(o *ops.RunGo) { o.Name = "" }), "no name"},
		{code(func(o *ops.RunGo) { o.Version = 0 }), "no version"},
		{code(func(o *ops.RunGo) { o.Func = nil }), "no function"},
		{code(func(o *ops.RunGo) { o.Undo = &ops.RunGo{Name: "u", Version: 1} }), "its Undo: no function"},

		{ops.When{If: ops.Test{SingleNode: true}}, "no operations"},
		{ops.When{Then: ops.Operations{ops.DropTable{Table: local("t")}}}, "asks 0 things"},
		{ops.When{If: ops.Test{SingleNode: true, Feature: ops.FeatureCodec}, Then: ops.Operations{ops.DropTable{Table: local("t")}}}, "asks 2 things"},
		{ops.When{If: ops.Test{VersionAtLeast: "new"}, Then: ops.Operations{ops.DropTable{Table: local("t")}}}, "new"},
		{ops.When{If: ops.Test{SingleNode: true}, Then: ops.Operations{nil}}, "nil"},
		{ops.When{If: ops.Test{SingleNode: true}, Else: ops.Operations{ops.DropTable{Table: local("")}}}, "no table"},
		{ops.When{If: ops.Test{SingleNode: true}, Then: ops.Operations{ops.DropTable{Table: local("t")}, ops.DropTable{Table: dist("t")}}}, "another place"},
	} {
		err := test.op.Check()
		if err == nil {
			t.Errorf("%s is taken, want an error with %q", ops.Describe(test.op), test.want)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), ops.KindOf(test.op)) {
			t.Errorf("%s: error %q, want one with %q", ops.Describe(test.op), err, test.want)
		}
	}
}

// TestNamesThatNoPathCanHold: macros and slashes in a name would
// change the path, and ZooKeeper refuses control characters.
func TestNamesThatNoPathCanHold(t *testing.T) {
	op := create(ops.Engine{Kind: ops.MergeTree, OrderBy: "id"})
	for _, name := range []string{"a/b", "a{shard}", "a\x00", "a\nb", "..", "\xff"} {
		op.Table.Name = name
		if _, err := op.Statements(environments()[1].env); err == nil || !strings.Contains(err.Error(), "ZooKeeper path") {
			t.Errorf("table %q: error %v, want one about its path", name, err)
		}
		if _, err := op.Statements(environments()[0].env); err != nil {
			t.Errorf("table %q on a single node: %v", name, err)
		}
	}
}

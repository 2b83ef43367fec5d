package ops_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
)

func renames(pairs ...string) ops.RenameTables {
	var o ops.RenameTables
	for _, pair := range pairs {
		from, to, _ := strings.Cut(pair, ">")
		o.Renames = append(o.Renames, ops.RenameTable{From: local(from), To: to})
	}
	return o
}

// TestTablesAndColumnsRefuse: each says what to write instead.
func TestTablesAndColumnsRefuse(t *testing.T) {
	tree := ops.Engine{Kind: ops.MergeTree, OrderBy: "id"}
	with := func(change func(*ops.CreateTable)) ops.Operation {
		op := create(tree)
		change(&op)
		return op
	}
	like := func(change func(*ops.CreateTable)) ops.Operation {
		source := local("source")
		op := ops.CreateTable{Table: local("t"), As: &source, Engine: tree}
		change(&op)
		return op
	}
	u8 := ops.Column{Name: "c", Type: "UInt8"}
	modify := func(change func(*ops.ModifyColumn)) ops.Operation {
		op := ops.ModifyColumn{Table: local("t"), Column: u8}
		change(&op)
		return op
	}
	comment := "same"
	for _, test := range []struct {
		op   ops.Operation
		want string
	}{
		{with(func(o *ops.CreateTable) { o.Constraints = []ops.Constraint{{Expression: "1"}} }), "set Name"},
		{with(func(o *ops.CreateTable) { o.Constraints = []ops.Constraint{{Name: "c", Expression: " "}} }), "set Expression"},
		{with(func(o *ops.CreateTable) {
			o.Constraints = []ops.Constraint{{Name: "c", Expression: "1"}, {Name: "c", Expression: "2"}}
		}), "constraint c is there twice"},
		{with(func(o *ops.CreateTable) { o.Projections = []ops.Projection{{Query: "SELECT 1"}} }), "set Name"},
		{with(func(o *ops.CreateTable) { o.Projections = []ops.Projection{{Name: "p"}} }), "set Query"},
		{with(func(o *ops.CreateTable) { o.Projections = []ops.Projection{{Name: "p", Query: " (SELECT 1)"}} }), "brackets"},
		{with(func(o *ops.CreateTable) {
			o.Engine = ops.Engine{Kind: ops.Memory}
			o.Projections = []ops.Projection{{Name: "p", Query: "SELECT id"}}
		}), "a Memory engine has no projection p"},
		{with(func(o *ops.CreateTable) {
			o.Engine = ops.Engine{Kind: ops.Null}
			o.Indexes = []ops.Index{{Name: "i", Expression: "id", Type: "minmax"}}
		}), "a Null engine has no index i"},
		{with(func(o *ops.CreateTable) { o.As = &o.Table }), "name another"},
		{like(func(o *ops.CreateTable) { o.Columns = []ops.Column{u8} }), "As brings the columns"},
		{like(func(o *ops.CreateTable) { o.Constraints = []ops.Constraint{{Name: "c", Expression: "1"}} }), "As brings the columns"},
		{like(func(o *ops.CreateTable) { o.As = &ops.Table{} }), "its As: no table"},
		{like(func(o *ops.CreateTable) {
			o.As = &ops.Table{Place: ops.Place{StorageSet: "other", Target: ops.Local}, Name: "s"}
		}), "another storage set"},
		{like(func(o *ops.CreateTable) { o.Engine = ops.Engine{Kind: ops.MergeTree} }), "OrderBy"},
		{like(func(o *ops.CreateTable) { o.Engine = ops.Engine{OrderBy: "id"} }), "set Engine.Kind"},

		{ops.RenameTables{}, "list Renames"},
		{renames("a>a"), "the old one"},
		{renames("a>b", "a>c"), "renamed twice"},
		{renames("a>c", "b>c"), "two tables get the name"},
		{renames("a>tmp", "tmp>a"), "nothing is renamed"},
		{renames("a>tmp", "c>a", "b>c", "tmp>b"), "in a circle"},
		{ops.RenameTables{Renames: []ops.RenameTable{{From: local("a"), To: "b"}, {From: dist("c"), To: "d"}}}, "another place"},
		{ops.ExchangeTables{A: local("a"), B: local("a")}, "name two"},
		{ops.ExchangeTables{A: local("a"), B: dist("b")}, "two places"},
		{ops.ExchangeTables{A: local("a")}, "no storage set"},
		{ops.TruncateTable{Table: dist("t")}, "name its LOCAL table"},
		{ops.DetachTable{}, "no storage set"},
		{ops.AttachTable{Table: local("")}, "no table"},
		{ops.CommentTable{Table: local("t"), Comment: comment, Was: &comment}, "nothing to change"},

		{modify(func(o *ops.ModifyColumn) {
			o.Column, o.Was = ops.Column{Name: "c", Type: "UInt8", Kind: ops.Alias, Expression: "1"}, &ops.Column{Name: "c", Type: "UInt16"}
		}), "ALIAS change together"},
		{modify(func(o *ops.ModifyColumn) {
			o.Column.Expression, o.Was = "1", &ops.Column{Name: "c", Type: "UInt16", Kind: ops.Ephemeral, Expression: "1"}
		}), "EPHEMERAL change together"},
		{ops.RenameColumn{Table: local("t"), To: "b"}, "set From"},
		{ops.RenameColumn{Table: local("t"), From: "a"}, "set To"},
		{ops.RenameColumn{Table: local("t"), From: "a", To: "a"}, "the old one"},
		{ops.ClearColumn{Table: local("t")}, "set Name"},
		{ops.ClearColumn{Table: dist("t"), Name: "c"}, "name its LOCAL table"},
		{ops.MaterializeColumn{Table: local("t")}, "set Name"},
		{ops.MaterializeColumn{Table: dist("t"), Name: "c"}, "name its LOCAL table"},

		{modify(func(o *ops.ModifyColumn) { o.Remove = []ops.Property{"SETTINGS"} }), "unknown property"},
		{modify(func(o *ops.ModifyColumn) { o.Remove = []ops.Property{"TTL", "TTL"} }), "removed twice"},
		{modify(func(o *ops.ModifyColumn) { o.Remove = []ops.Property{"DEFAULT", "ALIAS"} }), "a column has one of"},
		{modify(func(o *ops.ModifyColumn) { o.Column.Codec, o.Remove = "LZ4", []ops.Property{"CODEC"} }), "set and removed"},
		{modify(func(o *ops.ModifyColumn) { o.Column.Expression, o.Remove = "1", []ops.Property{"MATERIALIZED"} }), "set and removed"},
		{modify(func(o *ops.ModifyColumn) {
			o.Was, o.Remove = &ops.Column{Name: "c", Type: "UInt8", TTL: "d"}, []ops.Property{"TTL"}
		}), "leave Remove out"},
		{modify(func(o *ops.ModifyColumn) { o.Was = &ops.Column{Name: "c", Type: "UInt8", Kind: ops.Ephemeral} }), "EPHEMERAL"},
		{modify(func(o *ops.ModifyColumn) { o.First, o.After = true, "a" }), "leave one out"},
		{modify(func(o *ops.ModifyColumn) { o.Column = ops.Column{Name: "c", Comment: "x"}; o.First = true }), "set Column.Type"},
		{modify(func(o *ops.ModifyColumn) { o.Was, o.WasFirst = &ops.Column{Name: "c", Type: "UInt16"}, true }), "set After or First"},
		{modify(func(o *ops.ModifyColumn) { o.First, o.WasAfter = true, "a" }), "set it"},
		{modify(func(o *ops.ModifyColumn) { o.Was, o.After, o.WasAfter = &u8, "a", "a" }), "where it stood"},
	} {
		err := test.op.Check()
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), ops.KindOf(test.op)) {
			t.Errorf("%s: error %v, want one with %q", ops.Describe(test.op), err, test.want)
		}
	}
}

// TestNoWayBackIsSaidWithAReason: what is lost, and what was not stated.
func TestNoWayBackIsSaidWithAReason(t *testing.T) {
	u8 := ops.Column{Name: "c", Type: "UInt8"}
	for want, op := range map[string]ops.Inverter{
		"rows that are gone":   ops.TruncateTable{Table: local("t")},
		"values that are gone": ops.ClearColumn{Table: local("t"), Name: "c"},
		"the comment":          ops.CommentTable{Table: local("t"), Comment: "c"},
		"what the column was":  ops.ModifyColumn{Table: local("t"), Column: u8, Remove: []ops.Property{ops.PropertyTTL}},
		"where the column":     ops.ModifyColumn{Table: local("t"), Column: u8, Was: &u8, First: true},
		"EPHEMERAL":            ops.ModifyColumn{Table: local("t"), Column: ops.Column{Name: "c", Type: "UInt8", Kind: ops.Ephemeral}, Was: &u8},
	} {
		_, err := op.Inverse()
		var irreversible *ops.IrreversibleError
		if !errors.As(err, &irreversible) || !strings.Contains(irreversible.Why, want) {
			t.Errorf("%T: %v is no *IrreversibleError with %q", op, err, want)
		}
	}
}

// TestRenamesAreJudgedTogether: in between a name belongs to another table.
func TestRenamesAreJudgedTogether(t *testing.T) {
	in := func(name string) ops.Table { return ops.Table{Place: atLocal(), Database: "default", Name: name} }
	renamed := func(from, to string) ops.Condition { return ops.TableRenamed{From: in(from), To: in(to)} }
	for _, test := range []struct {
		op   ops.RenameTables
		want []ops.Condition
	}{
		{renames("a>b", "c>d"), []ops.Condition{renamed("a", "b"), renamed("c", "d")}},
		{renames("a>old", "new>a"), []ops.Condition{renamed("a", "old"), renamed("new", "a")}},
		{renames("a>tmp", "tmp>b"), []ops.Condition{renamed("a", "b")}},
		{renames("a>tmp", "b>a", "tmp>b"), []ops.Condition{ops.TablesExchanged{A: in("b"), B: in("a")}}},
		{renames("a>tmp", "tmp>b", "c>tmp"), []ops.Condition{renamed("c", "tmp"), renamed("a", "b")}},
	} {
		if err := test.op.Check(); err != nil {
			t.Error(err)
			continue
		}
		statements, err := test.op.Statements(environments()[1].env)
		if err != nil || len(statements) != 1 {
			t.Fatalf("%d statements, error %v", len(statements), err)
		}
		if diff := cmp.Diff(test.want, statements[0].After); diff != "" {
			t.Errorf("%s (-want +got):\n%s", statements[0].Head, diff)
		}
	}
}

// TestACopyOfAReplicatedTableIsRefused: two tables cannot have one path (253).
func TestACopyOfAReplicatedTableIsRefused(t *testing.T) {
	source := local("source")
	op := ops.CreateTable{Table: local("t"), As: &source}
	if _, err := op.Statements(environments()[1].env); err == nil || !strings.Contains(err.Error(), "set Engine") {
		t.Errorf("on a multi-node cluster: error %v, want one about Engine", err)
	}
	if _, err := op.Statements(environments()[0].env); err != nil {
		t.Errorf("on a single node: %v", err)
	}
}

// TestAServerWithoutRemoveDropsADefaultItself, but nothing else.
func TestAServerWithoutRemoveDropsADefaultItself(t *testing.T) {
	old := environments()[2].env
	op := ops.ModifyColumn{
		Table: local("t"), Column: ops.Column{Name: "c", Type: "UInt8"}, Remove: []ops.Property{ops.PropertyDefault},
	}
	statements, err := op.Statements(old)
	if err != nil || statements[0].Tail != "MODIFY COLUMN `c` UInt8" {
		t.Errorf("%v %v: want the type alone", statements, err)
	}
	var unsupported *ops.UnsupportedError
	op.Column.Type = ""
	if _, err := op.Statements(old); !errors.As(err, &unsupported) {
		t.Errorf("without a type: %v is no *UnsupportedError", err)
	}
	op.Column.Type, op.Remove = "UInt8", []ops.Property{ops.PropertyTTL}
	if _, err := op.Statements(old); !errors.As(err, &unsupported) {
		t.Errorf("a TTL: %v is no *UnsupportedError", err)
	}
}

package validate_test

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/validate"
)

func renames(pairs ...string) ops.RenameTables {
	var o ops.RenameTables
	for i := 0; i < len(pairs); i += 2 {
		o.Renames = append(o.Renames, rename(pairs[i], pairs[i+1]))
	}
	return o
}

func exchange(a, b string) ops.ExchangeTables { return ops.ExchangeTables{A: local(a), B: local(b)} }

func detach(name string) ops.DetachTable { return ops.DetachTable{Table: local(name)} }

func attach(name string) ops.AttachTable { return ops.AttachTable{Table: local(name)} }

func TestTablesThatMoveTakeWhatTheyAreWithThem(t *testing.T) {
	made := makes("1", create("t", "id", "a"), over("t", "id", "a"), create("to"), view("v", "to", "t"), create("shadow", "id", "a"))
	check(t, []example{
		{"exchanged", list{made, makes("2", exchange("t", "shadow"))}, nil},
		{"exchanged by two renames at once", list{made, makes("2", renames("t", "old", "shadow", "t"))}, nil},
		{"renamed one after the other", list{made, makes("2", rename("t", "old"), rename("shadow", "t"))}, []string{
			"2 1 local-before-distributed", "2 1 dropped-while-read",
			"2 backward 1 local-before-distributed", "2 backward 1 dropped-while-read",
		}},
		{"exchanged with one that lacks a column", list{made, makes("2", create("less"), exchange("t", "less"))}, []string{
			"2 2 local-before-distributed",
		}},
		{"the path goes with an exchange", list{made, irreversible("2", exchange("t", "shadow"), drop(create("shadow")), create("shadow"))}, []string{
			"2 3 zookeeper-path",
		}},
		{"the path of a dropped one is free", list{made, irreversible("2", exchange("t", "shadow"), drop(create("shadow")), like(create("u"), func(o *ops.CreateTable) {
			o.Engine = ops.Engine{Kind: ops.Raw, Text: "ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/t', 'r') ORDER BY id"}
		}))}, nil},
		{"detached while it is read", list{made, makes("2", detach("to"))}, []string{"2 1 dropped-while-read"}},
		{"detached while it is written to, and back", list{made, makes("2", detach("to")), makes("3", attach("to"))}, []string{
			"2 1 dropped-while-read", "3 backward 1 dropped-while-read",
		}},
		{"the path stays with a detached one", list{makes("1", create("t")), irreversible("2", detach("t"), like(create("u"), func(o *ops.CreateTable) {
			o.Engine = ops.Engine{Kind: ops.Raw, Text: "ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/t', 'r') ORDER BY id"}
		}))}, []string{"2 2 zookeeper-path"}},
		{"attached as it was", list{makes("1", create("t")), makes("2", detach("t")), makes("3", attach("t"), over("t", "id", "a"))}, []string{
			"3 2 distributed-before-local",
		}},
		{"a Distributed table renamed", list{made, makes("2", ops.RenameTable{From: dist("d_t"), To: "events"})}, nil},
		// What is wrong with it is told once, under its first name.
		{"a wrong one renamed", list{makes("1", create("t"), over("t", "id", "a")), makes("2", ops.RenameTable{From: dist("d_t"), To: "events"})}, []string{
			"1 2 distributed-before-local",
		}},
	})
}

func renameColumn(t ops.Table, from, to string) ops.RenameColumn {
	return ops.RenameColumn{Table: t, From: from, To: to}
}

// One of the two is always first, so that the other names what is not there. The
// way back of the right order is the other one.
func TestAColumnIsRenamedInTheLocalTableFirstAndThenEverywhere(t *testing.T) {
	made := makes("1", create("t", "id", "a"), over("t", "id", "a"))
	l, d := renameColumn(local("t"), "a", "b"), renameColumn(dist("d_t"), "a", "b")
	check(t, []example{
		{"in order", list{made, makes("2", l, d)}, nil},
		{"the other way round", list{made, makes("2", d, l)}, []string{"2 1 distributed-before-local"}},
		{"in the local table alone", list{made, makes("2", l)}, []string{"2 1 local-before-distributed"}},
		{"in the next migration", list{made, makes("2", l), makes("3", d)}, []string{
			"2 1 local-before-distributed", "3 backward 1 distributed-before-local",
		}},
	})
}

// The advice for a column that goes away, to change the Distributed table first,
// would be the wrong way round for one that is renamed.
func TestARenamedColumnsAdviceIsTheOrderThatPasses(t *testing.T) {
	made := makes("1", create("t", "id", "a"), over("t", "id", "a"))
	problems := validate.Check(registered(t, group("g", made, makes("2", renameColumn(local("t"), "a", "b")))), validate.Options{})
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "Rename it in both, in one migration, the local table first") {
		t.Errorf("%+v", problems)
	}
}

func TestTablesMadeLikeAnotherAreLikeIt(t *testing.T) {
	as := func(o ops.CreateTable, from ops.Table) ops.CreateTable {
		o.Columns, o.As = nil, &from
		return o
	}
	a := create("t", "id", "a")
	check(t, []example{
		{"a Distributed table", list{makes("1", a, as(over("t"), local("t")), add(local("t"), "c"), add(dist("d_t"), "c"))}, nil},
		{"a Distributed table whose column goes", list{irreversible("1", a, as(over("t"), local("t")), remove(local("t"), "a"))}, []string{
			"1 3 local-before-distributed",
		}},
		{"a local table", list{makes("1", a, as(create("u"), local("t")), over("u", "id", "a"))}, nil},
		{"a local table that lacks the same", list{makes("1", a, as(create("u"), local("t")), over("u", "id", "b"))}, []string{
			"1 3 distributed-before-local",
		}},
		{"one that nothing reads from then on", list{irreversible("1", a, as(create("u"), local("t")), drop(a))}, nil},
	})
}

func TestViewsThatChangeReadWhatTheyNowSay(t *testing.T) {
	made := makes("1", create("t"), create("u"), create("to"), view("v", "to", "t"))
	modify := ops.ModifyQuery{
		Table: local("v"), Query: "SELECT 2 AS id", Was: "SELECT 1 AS id",
		Reads: []ops.Table{local("u")}, WasReads: []ops.Table{local("t")},
	}
	plain := ops.CreateView{Table: local("plain"), Query: "SELECT 1", Reads: []ops.Table{local("t")}}
	replaced := plain
	replaced.OrReplace, replaced.Reads = true, []ops.Table{local("u")}
	check(t, []example{
		{"the old source dropped", list{made, makes("2", modify, drop(create("t")))}, nil},
		{"the new source dropped", list{made, makes("2", modify, drop(create("u")))}, []string{"2 2 dropped-while-read"}},
		{"the target is still the same", list{made, makes("2", modify, drop(create("to")))}, []string{"2 2 dropped-while-read"}},
		{"a source that is made later", list{irreversible("1", create("t"), create("to"), view("v", "to", "t"), modify, create("u"))}, []string{
			"1 4 view-before-source",
		}},
		{"a plain view", list{makes("1", create("t"), plain, drop(create("t")))}, []string{"1 3 dropped-while-read"}},
		{"a plain view before its table", list{irreversible("1", plain, create("t"))}, []string{"1 1 view-before-source"}},
		{"a plain view that was replaced", list{irreversible("1", create("t"), create("u"), plain, replaced, drop(create("t")))}, nil},
		{"a plain view that was dropped", list{irreversible("1", create("t"), plain, ops.DropView{Table: local("plain")}, drop(create("t")))}, nil},
		{"a view of the local nodes read on the others", list{irreversible("1", create("t"), like2(plain, dist("plain")), drop(create("t")))}, []string{
			"1 3 dropped-while-read",
		}},
		{"a table of the others' name", list{irreversible("1", create("t"), ops.CreateView{
			Table: dist("plain"), Query: "SELECT 1", Reads: []ops.Table{dist("t")},
		}, drop(create("t")))}, []string{"1 3 dropped-while-read"}},
	})
}

func like2(o ops.CreateView, t ops.Table) ops.CreateView {
	o.Table = t
	return o
}

func TestADictionaryKeepsWhatItReads(t *testing.T) {
	dictionary := ops.CreateDictionary{
		Table: local("names"), Columns: []ops.Attribute{{Name: "id", Type: "UInt64"}, {Name: "n", Type: "String"}},
		PrimaryKey: []string{"id"}, Reads: []ops.Table{local("t")},
		Source: ops.DictionarySource{Kind: ops.SourceClickHouse, Arguments: []ops.Argument{{Name: "TABLE", Value: "t"}}},
		Layout: ops.Layout{Kind: "FLAT"}, Lifetime: &ops.Lifetime{},
	}
	gone := ops.DropDictionary{Table: local("names"), Was: &dictionary}
	check(t, []example{
		{"its table dropped", list{makes("1", create("t")), makes("2", dictionary), irreversible("3", drop(create("t")))}, []string{"3 1 dropped-while-read"}},
		{"before its table: it loads later", list{irreversible("1", dictionary, create("t"))}, nil},
		{"dropped first", list{makes("1", create("t"), dictionary), irreversible("2", gone, drop(create("t")))}, nil},
	})
}

func TestARefreshAppendsToWhatIsReplicated(t *testing.T) {
	refreshing := func(refresh ops.Refresh) ops.CreateMaterializedView {
		o := view("v", "to", "t")
		o.Refresh = &refresh
		return o
	}
	localOnly := withEngine("to", ops.Engine{Kind: ops.MergeTree, OrderBy: "id", LocalOnly: true})
	check(t, []example{
		{"every hour", list{makes("1", create("to"), refreshing(ops.Refresh{Every: "1 HOUR"}))}, []string{"1 2 refresh-without-append"}},
		{"an hour after", list{makes("1", create("to"), refreshing(ops.Refresh{After: "1 HOUR"}))}, []string{"1 2 refresh-without-append"}},
		{"appending", list{makes("1", create("to"), refreshing(ops.Refresh{Every: "1 HOUR", Append: true}))}, nil},
		{"into a table of its own node", list{makes("1", localOnly, refreshing(ops.Refresh{Every: "1 HOUR"}))}, nil},
		{"into a table that is not known", list{makes("1", refreshing(ops.Refresh{Every: "1 HOUR"}))}, nil},
		{"a column of that name", list{makes("1", create("to"), ops.CreateMaterializedView{
			Table: local("v"), To: local("to"), Query: "SELECT refresh AS id FROM t",
		})}, nil},
		{"at each insert", list{makes("1", create("to"), view("v", "to", "t"))}, nil},
	})
}

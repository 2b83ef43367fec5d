package conformance

import "github.com/skein-migrate/skein/ops"

func viewScenarios() []scenario {
	return append(plainViewScenarios(), materializedViewScenarios()...)
}

func atLocal() ops.Place { return ops.Place{StorageSet: "events", Target: ops.Local} }

func atDist() ops.Place { return ops.Place{StorageSet: "events", Target: ops.Distributed} }

func readsT() []ops.Table { return []ops.Table{{Name: "t"}} }

func plainViewScenarios() []scenario {
	plain := ops.CreateView{
		Table: local("seen"), Query: "SELECT id, v*2 AS w FROM {db}.t WHERE v>10 and id in (select id FROM {db}.n)", Reads: readsT(),
	}
	// 26.7 completes bare names; in the distributed DDL queue of 18.16 they are those of default.
	bare := plain
	bare.Query = "SELECT id, v*2 AS w FROM t JOIN n USING id WHERE id in (select id FROM n)"
	typed := ops.CreateView{
		Table: local("seen"), Columns: []ops.Column{{Name: "id", Type: "UInt64"}, {Name: "w", Type: "Int64", Comment: "it's"}},
		Query: "WITH q AS (SELECT id, v FROM {db}.t) SELECT id, toInt64(v) AS w FROM q", Reads: readsT(),
	}
	once := typed
	once.IfNotExists, once.Query = true, "SELECT id, toInt64(v) AS w FROM {db}.t"
	once.Columns = []ops.Column{{Name: "id", Type: "UInt64"}, {Name: "w", Type: "Int64"}}
	parameter := ops.CreateView{Table: local("seen"), Query: "SELECT v FROM {db}.t WHERE id = {wanted:UInt64}", Reads: readsT()}
	invoked := plain
	invoked.Security = &ops.ViewSecurity{Kind: ops.SecurityInvoker}
	defined := plain
	defined.Security = &ops.ViewSecurity{Kind: ops.SecurityDefiner, Definer: "default"}
	onDist := ops.CreateView{Table: dist("seen"), Query: "SELECT count() AS c FROM {db}.t_dist", Reads: []ops.Table{{Name: "t_dist"}}}
	replacing := plain
	replacing.Query, replacing.OrReplace, replacing.Was = "SELECT id, s FROM {db}.t", true, &plain
	unknown := replacing
	unknown.Was = nil
	byHand := []string{"CREATE OR REPLACE VIEW {db}.seen AS SELECT id FROM {db}.t"}
	asView := []string{"CREATE VIEW {db}.seen AS SELECT 1"}
	given := []ops.Operation{plain}
	return []scenario{
		{op: plain, effect: "SELECT w FROM {db}.seen WHERE id = 3", want: "60"},
		{name: "of bare names", op: bare, modernOnly: true},
		{name: "with columns and WITH", op: typed, modernOnly: true},
		{name: "IF NOT EXISTS, with columns", op: once},
		{name: "with a parameter", op: parameter, modernOnly: true, effect: "SELECT v FROM {db}.seen(wanted = 2)", want: "20"},
		{name: "SQL SECURITY INVOKER", op: invoked},
		{name: "SQL SECURITY DEFINER", op: defined},
		{name: "on the query nodes", op: onDist, effect: "SELECT c FROM {db}.seen", want: "6"},
		{name: "OR REPLACE", given: given, op: replacing, breaks: byHand},
		{name: "OR REPLACE without Was", given: given, op: unknown, breaks: byHand},
		{op: ops.DropView{Table: plain.Table, Was: &plain}, given: given, breaks: asView},
		{name: "IF EXISTS", op: ops.DropView{Table: plain.Table, IfExists: true}, given: given, breaks: asView},
		{name: "on the query nodes", op: ops.DropView{Table: onDist.Table, Was: &onDist}, given: []ops.Operation{onDist}, breaks: asView},
	}
}

// sums is a table that a materialized view writes to.
func sums() ops.CreateTable {
	return ops.CreateTable{
		Table: local("sums"), Columns: []ops.Column{{Name: "d", Type: "Date"}, {Name: "total", Type: "UInt64"}},
		Engine: ops.Engine{Kind: ops.SummingMergeTree, OrderBy: "d"},
	}
}

func summing() ops.CreateMaterializedView {
	return ops.CreateMaterializedView{
		Table: local("summing"), To: local("sums"), Query: "SELECT d, sum(v) AS total FROM {db}.t GROUP BY d", Reads: readsT(),
	}
}

func materializedViewScenarios() []scenario {
	plain, given := summing(), []ops.Operation{sums()}
	typed := plain
	typed.Columns, typed.IfNotExists = []ops.Column{{Name: "d", Type: "Date"}, {Name: "total", Type: "UInt64"}}, true
	none := plain
	none.Security = &ops.ViewSecurity{Kind: ops.SecurityNone}
	definer := plain
	definer.Security = &ops.ViewSecurity{Kind: ops.SecurityDefiner, Definer: "default"}
	refreshed := plain
	refreshed.Refresh = &ops.Refresh{Every: "1 YEAR", Offset: "1 MONTH", Randomize: "1 HOUR", Append: true}
	replacing := plain
	replacing.Refresh = &ops.Refresh{After: "30 MINUTE", Settings: []ops.Setting{{Name: "refresh_retries", Value: "3"}}}
	depending := refreshed
	depending.Table, depending.Refresh = local("later"), &ops.Refresh{Every: "1 YEAR", DependsOn: []ops.Table{{Name: "summing"}}, Append: true}

	inserts := []string{"INSERT INTO {db}.t VALUES (4, '2026-03-01', 40, 'd'), (5, '2026-03-01', 2, 'e')"}
	const total = "SELECT sum(total) FROM {db}.sums WHERE d = '2026-03-01'"
	const wrote = "what a refresh wrote: one comes with the view"
	changed := ops.ModifyQuery{
		Table: plain.Table, Query: "SELECT d, toUInt64(count()) AS total FROM {db}.t GROUP BY d", Was: plain.Query, Reads: readsT(),
	}
	moved := changed
	moved.Query, moved.Reads, moved.WasReads = "SELECT d, max(v) AS total FROM n GROUP BY d", []ops.Table{{Name: "n"}}, readsT()
	unknown := changed
	unknown.Was = ""
	queryByHand := []string{"ALTER TABLE {db}.summing MODIFY QUERY SELECT d, min(v) AS total FROM {db}.t GROUP BY d"}
	asView := []string{"CREATE MATERIALIZED VIEW {db}.summing TO {db}.sums AS SELECT d, 1 AS total FROM {db}.t"}
	return []scenario{
		{op: plain, given: given, then: inserts, effect: total, want: "42"},
		{name: "IF NOT EXISTS, with columns", op: typed, given: given},
		{name: "SQL SECURITY NONE", op: none, given: given},
		{name: "SQL SECURITY DEFINER", op: definer, given: given},
		{name: "REFRESH EVERY, APPEND", op: refreshed, given: given, loses: wrote},
		{name: "REFRESH AFTER", op: replacing, given: given, loses: wrote},
		{name: "REFRESH DEPENDS ON", op: depending, given: append(given, refreshed), loses: wrote},
		{op: changed, given: append(given, plain), breaks: queryByHand, then: inserts, effect: total, want: "2"},
		{name: "from another table", op: moved, given: append(given, plain), breaks: queryByHand, then: inserts, effect: total, want: "0"},
		{name: "of a refreshable view", op: changed, given: append(given, refreshed), breaks: queryByHand, loses: wrote},
		{name: "without Was", op: unknown, given: append(given, plain), breaks: queryByHand},
		{
			name: "materialized", op: ops.DropView{Table: plain.Table, WasMaterialized: &plain},
			given: append(given, plain), breaks: asView, then: inserts, effect: total, want: "0",
		},
		{
			name: "refreshable, IF EXISTS", op: ops.DropView{Table: plain.Table, IfExists: true, WasMaterialized: &refreshed},
			given: append(given, refreshed), breaks: asView, loses: wrote,
		},
	}
}

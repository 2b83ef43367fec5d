package conformance

import "github.com/skein-migrate/skein/ops"

// dataScenarios change rows: no condition sees it, so effect does, on every node.
func dataScenarios() []scenario {
	return append(rowScenarios(), partitionScenarios()...)
}

const rowsOfT = "SELECT id, v FROM {db}.t ORDER BY id"

func rowScenarios() []scenario {
	t := local("t")
	set := []ops.Assignment{{Column: "v", Expression: "v + 1"}, {Column: "s", Expression: "'it''s'"}}
	copied := ops.InsertSelect{Into: local("n"), Columns: []string{"id", "v"}, Query: "SELECT id + 10, v FROM {db}.t WHERE id < 3", Reads: readsT()}
	twice := []string{"INSERT INTO {db}.t VALUES (1, '2026-01-05', 10, 'a'), (3, '2026-02-05', 30, 'other')"}
	return []scenario{
		{
			op:     ops.Update{Table: t, Set: set, Where: "id = 1 OR s = 'c'", Repeatable: true},
			effect: "SELECT id, v, s FROM {db}.t ORDER BY id", want: "1|11|it's\n2|20|b\n3|31|it's",
		},
		{
			name: "in a partition, of all rows", op: ops.Update{Table: t, Set: set[:1], Where: "1", Partition: "202601"},
			effect: rowsOfT, want: "1|11\n2|21\n3|30",
		},
		{op: ops.Delete{Table: t, Where: "id IN (1, 3)", Repeatable: true}, effect: rowsOfT, want: "2|20"},
		{name: "in a partition", op: ops.Delete{Table: t, Where: "v >= 20", Partition: "ID '202601'"}, effect: rowsOfT, want: "1|10\n3|30"},
		{
			name: "of what another table has", modernOnly: true, effect: rowsOfT, want: "2|20\n3|30",
			op: ops.Delete{Table: t, Where: "id IN (SELECT id FROM {db}.n WHERE v = 10)", Reads: []ops.Table{{Name: "n"}}},
		},
		{op: ops.LightweightDelete{Table: t, Where: "id = 1"}, effect: rowsOfT, want: "2|20\n3|30"},
		{name: "in a partition", op: ops.LightweightDelete{Table: t, Where: "1", Partition: "202601"}, effect: rowsOfT, want: "3|30"},
		{op: copied, effect: "SELECT id, v, s FROM {db}.n WHERE id > 10 ORDER BY id", want: "11|10|\n12|20|"},
		{
			name: "into a Distributed table", effect: "SELECT count(), max(id) FROM {db}.t_dist", want: "8|22",
			op: ops.InsertSelect{Into: dist("t_dist"), Query: "SELECT toUInt64(number + 21), toDate('2026-03-01'), toUInt32(0), '' FROM system.numbers LIMIT 2"},
		},
		{
			name: "on one node, into an unsharded table", given: []ops.Operation{unsharded("x")}, clusterOnly: true,
			effect: "SELECT count() FROM {db}.x", want: "6",
			op: ops.InsertSelect{
				Into: local("x"), Query: "SELECT * FROM {db}.t_dist", Reads: []ops.Table{dist("t_dist")}, OneNode: true,
				Settings: []ops.Setting{{Name: "max_threads", Value: "1"}},
			},
		},
		{name: "on one node", op: func() ops.Operation { c := copied; c.OneNode = true; return c }(), modernOnly: true, effect: "SELECT count() FROM {db}.n", want: "5"},
		{
			op: ops.Optimize{Table: t, Final: true}, rows: twice,
			effect: "SELECT partition, count() FROM system.parts WHERE active AND database = '{name}' AND table = 't' GROUP BY partition ORDER BY partition", want: "202601|1\n202602|1",
		},
		{
			name: "a partition", op: ops.Optimize{Table: t, Partition: "202601", Final: true}, rows: twice,
			effect: "SELECT partition, count() FROM system.parts WHERE active AND database = '{name}' AND table = 't' GROUP BY partition ORDER BY partition", want: "202601|1\n202602|2",
		},
		{name: "without FINAL", op: ops.Optimize{Table: t, Partition: "ID '202602'"}, rows: twice, effect: "SELECT count() FROM {db}.t", want: "5"},
		{
			name: "DEDUPLICATE", op: ops.Optimize{Table: t, Final: true, Deduplicate: true}, rows: twice,
			effect: "SELECT id, s FROM {db}.t ORDER BY id, s", want: "1|a\n2|b\n3|c\n3|other",
		},
		{
			name: "DEDUPLICATE BY", op: ops.Optimize{Table: t, Final: true, Deduplicate: true, DeduplicateBy: "* EXCEPT s"}, rows: twice,
			effect: "SELECT count() FROM {db}.t", want: "3",
		},
	}
}

func partitionScenarios() []scenario {
	t, m := local("t"), table("m")
	toM := &ops.Table{Name: "m"}
	given, fed := []ops.Operation{m}, []string{"INSERT INTO {db}.m VALUES (7, '2026-01-01', 70, 'm')"}
	detach := ops.DetachPartition{Table: t, Partition: "202601"}
	frozen := ops.FreezePartition{Table: t, Partition: "202601", Name: "it's frozen"}
	whole := ops.FreezePartition{Table: t, Name: "all of it"}
	const isFrozen = "SELECT DISTINCT partition, is_frozen FROM system.parts WHERE active AND database = '{name}' AND table = 't' ORDER BY partition"
	const both = "SELECT (SELECT groupArray(id) FROM (SELECT id FROM {db}.t ORDER BY id)), (SELECT groupArray(id) FROM (SELECT id FROM {db}.m ORDER BY id))"
	const noDisk = "there is one disk, and files do not move to where they are"
	return []scenario{
		{op: ops.DropPartition{Table: t, Partition: "202601"}, effect: rowsOfT, want: "3|30"},
		{name: "of none", op: ops.DropPartition{Table: t, Partition: "ID '209901'"}, effect: rowsOfT, want: "1|10\n2|20\n3|30"},
		{name: "ALL", op: ops.DropPartition{Table: t, Partition: "ALL"}, effect: rowsOfT},
		{name: "ALL", op: ops.DetachPartition{Table: t, Partition: "ALL"}, effect: rowsOfT},
		{op: detach, effect: rowsOfT, want: "3|30"},
		{op: ops.AttachPartition{Table: t, Partition: "ID '202601'"}, rows: []string{"ALTER TABLE {db}.t DETACH PARTITION 202601"}, effect: rowsOfT, want: "1|10\n2|20\n3|30"},
		{name: "FROM a table", op: ops.AttachPartition{Table: t, Partition: "202601", From: toM}, given: given, rows: fed, effect: both, want: "[1,2,3,7]|[7]"},
		{op: ops.ReplacePartition{Table: t, Partition: "202601", From: *toM}, given: given, rows: fed, effect: both, want: "[3,7]|[7]"},
		{name: "to a table", op: ops.MovePartition{Table: t, Partition: "202601", ToTable: toM}, given: given, effect: both, want: "[3]|[1,2]"},
		{name: "to a disk", op: ops.MovePartition{Table: t, Partition: "202601", ToDisk: "default"}, cannot: 479, cannotWhy: noDisk},
		{name: "to a volume", op: ops.MovePartition{Table: t, Partition: "202601", ToVolume: "default", WasDisk: "default"}, cannot: 479, cannotWhy: noDisk},
		{op: frozen, effect: rowsOfT, want: "1|10\n2|20\n3|30", clusterOnly: true},
		{op: frozen, effect: isFrozen, want: "202601|1\n202602|0", modernOnly: true},
		{name: "of all", op: whole, effect: isFrozen, want: "202601|1\n202602|1", modernOnly: true},
		{name: "without a name", op: ops.FreezePartition{Table: t}, effect: isFrozen, want: "202601|1\n202602|1", modernOnly: true},
		{op: ops.UnfreezePartition{Table: t, Partition: "202601", Name: "it's frozen"}},
		{name: "of all", op: ops.UnfreezePartition{Table: t, Name: "all of it"}},
	}
}

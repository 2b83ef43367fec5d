package conformance

import "github.com/skein-migrate/skein/ops"

func columnScenarios() []scenario {
	var all []scenario
	for _, some := range [][]scenario{addColumnScenarios(), dropColumnScenarios(), modifyColumnScenarios(), columnValueScenarios()} {
		all = append(all, some...)
	}
	return all
}

const (
	lostColumn = "the values of the column"
	laterOn    = "d + INTERVAL 5 YEAR"
)

func addColumnScenarios() []scenario {
	x := func(c ops.Column) ops.Column { c.Name = "x"; return c }
	add := func(c ops.Column) ops.AddColumn { return ops.AddColumn{Table: local("t"), Column: x(c)} }
	plain := ops.Column{Type: "UInt16"}
	return []scenario{
		{op: add(plain), effect: "SELECT id, x FROM {db}.t ORDER BY id", want: "1|0\n2|0\n3|0"},
		{name: "after another", op: ops.AddColumn{Table: local("t"), Column: x(plain), After: "d"}},
		{name: "first", op: ops.AddColumn{Table: local("t"), Column: x(plain), First: true}},
		{
			name: "IF NOT EXISTS", op: ops.AddColumn{Table: local("t"), Column: x(plain), After: "d", IfNotExists: true},
			// A column of another type is left alone: the node is one that the statement missed.
			breaks: []string{"ALTER TABLE {db}.t DROP COLUMN x"},
		},
		{
			name: "IF NOT EXISTS, there already", noop: true,
			op: ops.AddColumn{Table: local("t"), Column: ops.Column{Name: "s", Type: "String"}, IfNotExists: true},
		},
		{
			name: "with a default", op: add(ops.Column{Type: "UInt64", Expression: "v+1"}),
			effect: "SELECT id, x FROM {db}.t ORDER BY id", want: "1|11\n2|21\n3|31",
		},
		{name: "MATERIALIZED", op: add(ops.Column{Type: "String", Kind: ops.Materialized, Expression: "upper(s)"})},
		{name: "ALIAS", op: add(ops.Column{Type: "String", Kind: ops.Alias, Expression: "concat(s,'it''s')"})},
		{name: "EPHEMERAL", op: add(ops.Column{Type: "UInt8", Kind: ops.Ephemeral, Expression: "7"})},
		{name: "EPHEMERAL of nothing", op: add(ops.Column{Type: "UInt8", Kind: ops.Ephemeral})},
		{name: "with a codec", op: add(ops.Column{Type: "UInt32", Codec: "Delta, ZSTD"})},
		{name: "with a TTL", op: add(ops.Column{Type: "UInt32", TTL: laterOn})},
		{name: "with a comment", op: add(ops.Column{Type: "UInt32", Comment: "it's \\n new"})},
		{name: "with everything", op: add(ops.Column{
			Type: "UInt64", Expression: "v*2", Codec: "Delta, ZSTD(3)", TTL: laterOn, Comment: "all",
		})},
		{name: "Nullable", op: add(ops.Column{Type: "Nullable(Decimal(18,4))"})},
		{name: "Enum", op: add(ops.Column{Type: "Enum8('a'=1,'b''c' = 2)", Expression: "'a'"})},
		{name: "LowCardinality", op: add(ops.Column{Type: "LowCardinality(String)"}), modernOnly: true},
		{name: "Nested", op: add(ops.Column{Type: "Nested(k Int8, v String)"})},
		{name: "with a name that needs quotes", op: ops.AddColumn{
			Table: local("t"), Column: ops.Column{Name: "or`der by", Type: "UInt8"}, After: "v",
		}},
		{name: "to an unsharded table", given: []ops.Operation{unsharded("x")}, clusterOnly: true, spreads: true, op: ops.AddColumn{
			Table: local("x"), Column: x(plain), After: "id",
		}},
		{name: "to a table without replication", given: []ops.Operation{localOnly("x")}, clusterOnly: true, op: ops.AddColumn{
			Table: local("x"), Column: x(plain), After: "id",
		}},
		{name: "to a Distributed table", given: []ops.Operation{add(plain)}, op: ops.AddColumn{Table: dist("t_dist"), Column: x(plain)}},
		{
			name: "to a Distributed table, after another", given: []ops.Operation{add(plain)},
			op: ops.AddColumn{Table: dist("t_dist"), Column: x(plain), After: "id"},
		},
	}
}

func localOnly(name string) ops.CreateTable {
	t := table(name)
	t.Engine.LocalOnly = true
	return t
}

func dropColumnScenarios() []scenario {
	v, s := ops.Column{Name: "v", Type: "UInt32"}, ops.Column{Name: "s", Type: "String"}
	rich := ops.Column{Name: "v", Type: "UInt64", Expression: "toUInt64(1)", Codec: "ZSTD(3)", Comment: "rich", TTL: laterOn}
	first := ops.CreateTable{
		Table:   local("x"),
		Columns: append([]ops.Column{v}, columns()[:2]...),
		Engine:  tree(),
	}
	withRich := table("x")
	withRich.Columns[2] = rich
	alias := ops.Column{Name: "a", Type: "UInt64", Kind: ops.Alias, Expression: "v * 2"}
	return []scenario{
		{op: ops.DropColumn{Table: local("t"), Name: "s"}},
		{name: "with Was", op: ops.DropColumn{Table: local("t"), Name: "s", Was: &s}, loses: lostColumn},
		{name: "with Was, after another", op: ops.DropColumn{Table: local("t"), Name: "v", Was: &v, After: "d"}, loses: lostColumn},
		{
			name: "with Was, first", given: []ops.Operation{first}, loses: lostColumn,
			op: ops.DropColumn{Table: local("x"), Name: "v", Was: &v, First: true},
		},
		{
			name: "with Was that has everything", given: []ops.Operation{withRich}, loses: lostColumn,
			op: ops.DropColumn{Table: local("x"), Name: "v", Was: &rich, After: "d"},
		},
		{
			name: "an ALIAS, with Was", given: []ops.Operation{ops.AddColumn{Table: local("t"), Column: alias}},
			op: ops.DropColumn{Table: local("t"), Name: "a", Was: &alias},
		},
		{
			name: "IF EXISTS, with Was", loses: lostColumn,
			op: ops.DropColumn{Table: local("t"), Name: "s", Was: &s, After: "v", IfExists: true},
		},
		{name: "IF EXISTS, not there", op: ops.DropColumn{Table: local("t"), Name: "nope", IfExists: true}, noop: true},
		{name: "Distributed, with Was", op: ops.DropColumn{Table: dist("t_dist"), Name: "v", Was: &v, After: "d"}},

		{
			op: ops.RenameColumn{Table: local("t"), From: "s", To: "s2"}, effect: "SELECT id, s2 FROM {db}.t ORDER BY id", want: "1|a\n2|b\n3|c",
		},
		{
			name: "that others use", given: []ops.Operation{ops.AddColumn{Table: local("t"), Column: alias}},
			op: ops.RenameColumn{Table: local("t"), From: "v", To: "or`der"}, effect: "SELECT id, a FROM {db}.t ORDER BY id", want: "1|20\n2|40\n3|60",
		},
		{name: "Distributed", op: ops.RenameColumn{Table: dist("t_dist"), From: "v", To: "w"}},
	}
}

// modifyColumnScenarios change v, a UInt32 that is 10, 20 and 30, or what given
// has made of it in x.
func modifyColumnScenarios() []scenario {
	v := func(c ops.Column) ops.Column { c.Name = "v"; return c }
	was := func(c ops.Column) *ops.Column { c = v(c); return &c }
	made := func(c ops.Column) []ops.Operation {
		x := table("x")
		x.Columns[2] = v(c)
		return []ops.Operation{x}
	}
	rows := func(c ops.Column) []string {
		if c.Kind != "" { // nobody inserts into MATERIALIZED and ALIAS columns
			return []string{"INSERT INTO {db}.x (id, d, s) SELECT id, d, s FROM {db}.t"}
		}
		return []string{"INSERT INTO {db}.x (id, d, v, s) SELECT id, d, v, s FROM {db}.t"}
	}
	plain := ops.Column{Type: "UInt32"}
	change := func(c ops.Column, old *ops.Column) ops.ModifyColumn {
		return ops.ModifyColumn{Table: local("t"), Column: v(c), Was: old}
	}
	// become is a column of x that is one thing and becomes another, and back.
	become := func(name string, old, now ops.Column) scenario {
		return scenario{
			name: name, given: made(old), rows: rows(old),
			op: ops.ModifyColumn{Table: local("x"), Column: v(now), Was: was(old)},
		}
	}
	// remove is a column of x that has a property, which is taken away.
	remove := func(property ops.Property, old ops.Column) scenario {
		return scenario{
			name: "remove " + string(property), given: made(old), rows: rows(old),
			op: ops.ModifyColumn{Table: local("x"), Column: v(ops.Column{}), Remove: []ops.Property{property}},
		}
	}
	byDefault := ops.Column{Type: "UInt32", Expression: "7"}
	computed := ops.Column{Type: "UInt32", Kind: ops.Materialized, Expression: "toUInt32(id)"}
	few := ops.Column{Type: "Enum8('a' = 10, 'b' = 20, 'c' = 30)"}
	return []scenario{
		{name: "type", op: change(ops.Column{Type: "UInt64"}, nil), effect: "SELECT id, v FROM {db}.t ORDER BY id", want: "1|10\n2|20\n3|30"},
		{name: "type, with Was", op: change(ops.Column{Type: "String"}, was(plain)), breaks: []string{"ALTER TABLE {db}.t MODIFY COLUMN v UInt64"}, effect: "SELECT id, v FROM {db}.t ORDER BY id", want: "1|10\n2|20\n3|30"},
		{name: "to Nullable, with Was", op: change(ops.Column{Type: "Nullable(UInt32)"}, was(plain)), breaks: []string{"ALTER TABLE {db}.t MODIFY COLUMN v Nullable(String)"}},
		become("type, and the default stays", byDefault, ops.Column{Type: "UInt64", Expression: "7"}),
		become("more values of an Enum", few, ops.Column{Type: "Enum8('a'=10,'b'=20,'c'=30, 'd' = 40)"}).by("MODIFY COLUMN v " + few.Type),
		become("type and everything", ops.Column{
			Type: "UInt32", Expression: "7", Codec: "LZ4", TTL: laterOn, Comment: "old",
		}, ops.Column{
			Type: "UInt64", Expression: "toUInt64(8)", Codec: "Delta, ZSTD", TTL: "d + INTERVAL 6 YEAR", Comment: "new",
		}),
		{name: "default alone", op: change(ops.Column{Expression: "5"}, nil)},
		{name: "default, with Was", op: change(ops.Column{Type: "UInt32", Expression: "toUInt32(id+1)"}, was(plain))},
		{name: "default alone, with Was", op: change(ops.Column{Expression: "5"}, was(ops.Column{}))},
		become("another default", byDefault, ops.Column{Type: "UInt32", Expression: "8"}),
		become("no default", byDefault, plain),
		become("MATERIALIZED to DEFAULT", computed, byDefault),
		{name: "codec, with Was", op: change(ops.Column{Codec: "Delta, ZSTD"}, was(ops.Column{}))},
		become("another codec", ops.Column{Type: "UInt32", Codec: "LZ4"}, ops.Column{Type: "UInt32", Codec: "ZSTD(3)"}),
		{name: "TTL, with Was", op: change(ops.Column{TTL: laterOn}, was(ops.Column{}))},
		become("another TTL", ops.Column{Type: "UInt32", TTL: laterOn}, ops.Column{Type: "UInt32", TTL: "d + INTERVAL 6 YEAR"}),
		{name: "comment, with Was", op: change(ops.Column{Comment: "it's \\n new"}, was(ops.Column{}))},
		become("another comment", ops.Column{Type: "UInt32", Comment: "old"}, ops.Column{Type: "UInt32", Comment: "new"}),
		become("everything away", ops.Column{Type: "UInt32", Expression: "7", Codec: "ZSTD(3)", TTL: laterOn, Comment: "old"}, plain).by(
			"MODIFY COLUMN v UInt32 DEFAULT 7 COMMENT 'old' CODEC(ZSTD(3)) TTL " + laterOn),
		remove(ops.PropertyDefault, byDefault),
		remove(ops.PropertyMaterialized, computed),
		remove(ops.PropertyAlias, ops.Column{Type: "UInt32", Kind: ops.Alias, Expression: "toUInt32(id)"}),
		remove(ops.PropertyComment, ops.Column{Type: "UInt32", Comment: "old"}),
		remove(ops.PropertyCodec, ops.Column{Type: "UInt32", Codec: "ZSTD(3)"}),
		remove(ops.PropertyTTL, ops.Column{Type: "UInt32", TTL: laterOn}),
		{
			name: "first, with Was", op: ops.ModifyColumn{Table: local("t"), Column: v(plain), Was: was(plain), First: true, WasAfter: "d"},
			breaks: []string{"ALTER TABLE {db}.t MODIFY COLUMN v UInt32 AFTER s"},
		},
		{
			name: "after another, with Was", op: ops.ModifyColumn{Table: local("t"), Column: v(plain), Was: was(plain), After: "s", WasAfter: "d"},
			breaks: []string{"ALTER TABLE {db}.t MODIFY COLUMN v UInt32 AFTER d"},
		},
		{name: "Distributed, type, with Was", op: ops.ModifyColumn{
			Table: dist("t_dist"), Column: v(ops.Column{Type: "UInt64"}), Was: was(plain),
		}},
	}
}

// by breaks the column of x by hand in this way.
func (s scenario) by(alter string) scenario {
	s.breaks = []string{"ALTER TABLE {db}.x " + alter}
	return s
}

func columnValueScenarios() []scenario {
	const cleared = "SELECT id, v FROM {db}.t ORDER BY id"
	// The rows are there before the column: no part has stored it, and none has a row here.
	late := []string{"ALTER TABLE {db}.t ADD COLUMN x UInt64 DEFAULT id + 100"}
	const stored = "SELECT DISTINCT partition FROM system.parts_columns WHERE active AND database = '{name}' AND table = 't' AND column = 'x' ORDER BY partition"
	return []scenario{
		{op: ops.ClearColumn{Table: local("t"), Name: "v"}, effect: cleared, want: "1|0\n2|0\n3|0"},
		{name: "in a partition", op: ops.ClearColumn{Table: local("t"), Name: "v", Partition: "202601"}, effect: cleared, want: "1|0\n2|0\n3|30"},
		{name: "in a partition by ID", op: ops.ClearColumn{Table: local("t"), Name: "v", Partition: "ID '202602'"}, effect: cleared, want: "1|10\n2|20\n3|0"},
		{op: ops.MaterializeColumn{Table: local("t"), Name: "x"}, rows: late, effect: stored, want: "202601\n202602"},
		{name: "in a partition", op: ops.MaterializeColumn{Table: local("t"), Name: "x", Partition: "202601"}, rows: late, effect: stored, want: "202601"},
	}
}

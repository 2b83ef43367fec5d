package ops_test

import "github.com/skein-migrate/skein/ops"

// partOperations are indexes, projections and constraints.
func partOperations() map[string]ops.Operation {
	events := local("events_local")
	indexes := []ops.Index{
		{Name: "by trace", Expression: "trace_id", Type: "bloom_filter(0.01)", Granularity: 4}, {Name: "i", Expression: "(id, day)", Type: "minmax"},
	}
	projection := ops.Projection{Name: "by `day`", Query: "SELECT day, count() GROUP BY day"}
	check := ops.Constraint{Name: "positive", Expression: "id > 0"}
	assume := ops.Constraint{Name: "a", Expression: "length(s) > 0", Assume: true}
	return map[string]ops.Operation{
		"add_index_first_of_all":      ops.AddIndex{Table: events, Index: indexes[1], First: true},
		"add_indexes":                 ops.AddIndexes{Table: events, Indexes: indexes},
		"add_indexes_after":           ops.AddIndexes{Table: events, Indexes: indexes, After: "j", IfNotExists: true},
		"drop_indexes":                ops.DropIndexes{Table: events, Names: []string{"by trace", "i"}, IfExists: true},
		"drop_indexes_was":            ops.DropIndexes{Table: events, Names: []string{"by trace", "i"}, Was: indexes, First: true},
		"materialize_index":           ops.MaterializeIndex{Table: events, Names: []string{"by trace"}},
		"materialize_index_partition": ops.MaterializeIndex{Table: events, Names: []string{"by trace", "i"}, Partition: "202601"},
		"clear_index":                 ops.ClearIndex{Table: events, Names: []string{"i"}, Partition: "ID '202601'"},
		"add_projection":              ops.AddProjection{Table: events, Projection: projection},
		"add_projection_after":        ops.AddProjection{Table: events, Projection: projection, After: "p", IfNotExists: true},
		"drop_projection":             ops.DropProjection{Table: events, Name: projection.Name},
		"drop_projection_was":         ops.DropProjection{Table: events, Name: projection.Name, Was: &projection, First: true, IfExists: true},
		"materialize_projection":      ops.MaterializeProjection{Table: events, Names: []string{projection.Name}},
		"clear_projection":            ops.ClearProjection{Table: events, Names: []string{projection.Name}, Partition: "202601"},
		"add_constraint":              ops.AddConstraint{Table: events, Constraint: check},
		"add_constraint_assume":       ops.AddConstraint{Table: events, Constraint: assume, IfNotExists: true},
		"drop_constraint":             ops.DropConstraint{Table: events, Name: "positive"},
		"drop_constraint_was":         ops.DropConstraint{Table: events, Name: "positive", Was: &check, IfExists: true},
	}
}

// propertyOperations are the clauses and settings of a table.
func propertyOperations() map[string]ops.Operation {
	events := local("events_local")
	settings := []ops.Setting{{Name: "merge_with_ttl_timeout", Value: "3600"}, {Name: "storage_policy", Value: "it's"}}
	key := []ops.Column{{Name: "trace id", Type: "UUID"}, {Name: "n", Type: "UInt8"}}
	return map[string]ops.Operation{
		"modify_ttl":              ops.ModifyTTL{Table: events, TTL: "day + INTERVAL 90 DAY"},
		"modify_ttl_was":          ops.ModifyTTL{Table: events, TTL: "day + INTERVAL 90 DAY", Was: "day + INTERVAL 30 DAY"},
		"modify_ttl_none":         ops.ModifyTTL{Table: events, TTL: "day + INTERVAL 90 DAY", WasNone: true, Materialize: true},
		"remove_ttl":              ops.RemoveTTL{Table: events},
		"remove_ttl_was":          ops.RemoveTTL{Table: events, Was: "day + INTERVAL 30 DAY"},
		"materialize_ttl":         ops.MaterializeTTL{Table: events, Partition: "202601"},
		"modify_settings":         ops.ModifySettings{Table: events, Settings: settings},
		"modify_settings_was":     ops.ModifySettings{Table: events, Settings: settings, Was: []ops.Setting{{Name: "merge_with_ttl_timeout", Value: "60"}}},
		"reset_settings":          ops.ResetSettings{Table: events, Names: []string{"merge_with_ttl_timeout"}},
		"reset_settings_was":      ops.ResetSettings{Table: events, Names: []string{"merge_with_ttl_timeout", "storage_policy"}, Was: settings},
		"modify_order_by":         ops.ModifyOrderBy{Table: events, OrderBy: "(id, `trace id`, n)", Add: key, After: "day", Was: "id"},
		"modify_order_by_first":   ops.ModifyOrderBy{Table: events, OrderBy: "(id, n)", Add: key[1:], First: true, Was: "id"},
		"modify_order_by_drop":    ops.ModifyOrderBy{Table: events, OrderBy: "id", Drop: key[1:], Was: "(id, n)"},
		"modify_order_by_shorter": ops.ModifyOrderBy{Table: events, OrderBy: "id"},
		"modify_sample_by":        ops.ModifySampleBy{Table: events, SampleBy: "id", WasNone: true},
		"modify_sample_by_was":    ops.ModifySampleBy{Table: events, SampleBy: "cityHash64(id)", Was: "id"},
		"remove_sample_by":        ops.RemoveSampleBy{Table: events},
		"remove_sample_by_was":    ops.RemoveSampleBy{Table: events, Was: "id"},
	}
}

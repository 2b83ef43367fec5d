package ops_test

import "github.com/skein-migrate/skein/ops"

// blockOperations are blocks of SQL files.
func blockOperations() map[string]ops.Operation {
	block := func(sql string) ops.RunBlock { return ops.RunBlock{Place: atLocal(), SQL: sql} }
	everywhere := block("CREATE TABLE IF NOT EXISTS {db}.`events local` -- one of each shard\n{on_cluster}\n(\n" +
		"    id UInt64, -- {not:one}\n    tags Map(String, String) DEFAULT {'a': 'b'}\n)\n" +
		"ENGINE = {replicated:ReplacingMergeTree id}\nORDER BY id\nTTL day + INTERVAL {env:TTL_DAYS} DAY;")
	everywhere.Timeout = "10m"
	bare := block("INSERT INTO {db}.notes VALUES ('{\"db\": \"{{db}}\"}', '{db}.x', '{env:TOPIC}', '{{{x}}}', '{0}{a,b}', `{db}`)")
	bare.Scope = ops.RunOneNode
	secret := block("CREATE USER u {on_cluster} IDENTIFIED BY '{secret:U}'")
	literal := block("CREATE TABLE x.t ON CLUSTER '{cluster}' (id UInt64) " +
		"ENGINE = ReplicatedMergeTree('/{cluster}/{shard}/{database}', '{replica}') ORDER BY id")
	dist := block("CREATE TABLE {db}.events_dist {on_cluster} AS {db}.events_local ENGINE = Distributed({cluster}, {db}, events_local)")
	dist.Target = ops.Distributed
	view := block("CREATE VIEW v AS SELECT * FROM {db}.t WHERE id = {id:UInt64} AND x IN {xs:Array(Nullable(String))}")
	view.Scope = ops.RunEveryNode
	lightweight := block("DELETE FROM events_local WHERE id = 1")
	lightweight.Timeout = "1h"
	return map[string]ops.Operation{
		"run_block":                 block("CREATE TABLE {db}.t {on_cluster} (id UInt64) ENGINE = {replicated:MergeTree} ORDER BY id"),
		"run_block_everything":      everywhere,
		"run_block_bare":            bare,
		"run_block_secret":          secret,
		"run_block_on_cluster":      literal,
		"run_block_distributed":     dist,
		"run_block_parameters":      view,
		"run_block_alter":           block("ALTER TABLE {db}.events_local ADD COLUMN IF NOT EXISTS c UInt8"),
		"run_block_update":          block("ALTER TABLE events_local {on_cluster} UPDATE platform = 'other' WHERE platform = ''"),
		"run_block_delete":          lightweight,
		"run_block_rename":          block("RENAME TABLE {db}.a TO {db}.b, c TO other.d"),
		"run_block_plain":           block("CREATE OR REPLACE TABLE t (id UInt64) ENGINE Memory"),
		"run_block_default_path":    block("CREATE TABLE t {on_cluster} (id UInt64) ENGINE = ReplicatedMergeTree ORDER BY id"),
		"run_block_drop":            block("DROP TABLE IF EXISTS {db}.t {on_cluster} SYNC"),
		"run_block_unset_variable":  block("DROP TABLE {env:NOWHERE}"),
		"run_block_no_cluster_here": block("SYSTEM RELOAD CONFIG ON CLUSTER {cluster}"),
	}
}

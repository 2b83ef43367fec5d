-- The events of all projects. Comments may stand here.
/* So may these. */
-- @depends-on system:0001_migrations
-- @allow plain-merge-tree
-- skein:up
-- @stmt target=local
-- the table of each shard
CREATE TABLE {db}.events_local {on_cluster}
(
    project_id UInt64, -- {not} a placeholder
    tags Map(String, String) DEFAULT {'a': 'b; c'},
    raw String DEFAULT '{"db": "{{db}}"}'
)
ENGINE = {replicated:ReplacingMergeTree(project_id)}
ORDER BY project_id;

-- @stmt target=distributed scope=every-node timeout=10m
CREATE TABLE {db}.events_dist {on_cluster} AS {db}.events_local
ENGINE = Distributed({cluster}, {db}, events_local, rand())

-- @stmt
-- nothing but a comment is no statement

-- skein:down
-- @stmt target=distributed
DROP TABLE {db}.events_dist {on_cluster} SYNC
-- @stmt target=local
DROP TABLE {db}.events_local {on_cluster} SYNC

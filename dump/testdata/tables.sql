CREATE TABLE default.events_local (`id` UInt64 CODEC(Delta(8), ZSTD(1)), `a ``b` String DEFAULT 'it\'s' COMMENT 'said', `d` Date, `m` UInt32 MATERIALIZED id % 7, `old` String TTL d + toIntervalMonth(1), INDEX i1 m TYPE minmax GRANULARITY 1, INDEX i2 (id, m) TYPE set(10) GRANULARITY 4, CONSTRAINT c CHECK id > 0, CONSTRAINT a ASSUME m < 7, PROJECTION p (SELECT d, count() GROUP BY d)) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/events/{shard}/default/events_local', '{replica}', id) PARTITION BY toYYYYMM(d) PRIMARY KEY id ORDER BY (id, d) SAMPLE BY id TTL d + toIntervalYear(2) SETTINGS index_granularity = 8192, storage_policy = 'fast' COMMENT 'events, all'
CREATE TABLE default.renamed (`id` UInt64) ENGINE = ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/renamed_2', '{replica}') ORDER BY id
CREATE TABLE default.everywhere (`id` UInt64) ENGINE = ReplicatedMergeTree('/clickhouse/tables/events/all/default/everywhere', '{replica}') ORDER BY id
CREATE TABLE default.by_hand (`id` UInt64, `n` UInt64) ENGINE = ReplicatedSummingMergeTree('/tables/{shard}/by_hand', '{replica}', n) ORDER BY id
CREATE TABLE default.summed (`id` UInt64, `n` UInt64) ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/events/{shard}/default/summed', '{replica}', n) ORDER BY id
CREATE TABLE default.alone (`id` UInt64) ENGINE = MergeTree ORDER BY id SETTINGS ttl_only_drop_parts = true
CREATE TABLE default.old_syntax (`d` Date, `id` UInt64) ENGINE = MergeTree(d, id, 8192)
CREATE TABLE default.events_dist (`id` UInt64) ENGINE = Distributed('events', 'default', 'events_local', cityHash64(id))
CREATE TABLE default.elsewhere_dist (`id` UInt64) ENGINE = Distributed('another', 'default', 'events_local', cityHash64(id))
CREATE TABLE default.stats (`s` String STATISTICS(uniq)) ENGINE = Memory
CREATE TABLE default.sealed (`id` UInt64) ENGINE = MySQL('db:3306', 'd', 't', 'u', '[HIDDEN]')
CREATE TABLE default.braces (`id` UInt64) ENGINE = MergeTree ORDER BY id COMMENT 'a {secret:NAME}'
CREATE TABLE default.marks (`id` UInt64 STATISTICS(uniq)) ENGINE = MergeTree ORDER BY id COMMENT '{db} {on_cluster}'
CREATE VIEW default.a_top (`id` UInt64) AS SELECT id FROM default.m_base WHERE dictGet('default.z_names', 's', id) != ''
CREATE VIEW default.m_base (`id` UInt64) COMMENT 'the base' AS SELECT id FROM default.events_dist
CREATE MATERIALIZED VIEW default.b_mv TO default.summed (`id` UInt64, `n` UInt64) DEFINER = `default` SQL SECURITY DEFINER AS SELECT id, count() AS n FROM default.events_local GROUP BY id
CREATE MATERIALIZED VIEW default.b_own (`id` UInt64) ENGINE = Memory AS SELECT id FROM default.events_local
CREATE DICTIONARY default.z_names (`id` UInt64, `s` String DEFAULT 'x' INJECTIVE) PRIMARY KEY id SOURCE(CLICKHOUSE(QUERY 'SELECT id, s FROM default.events_local' PASSWORD '[HIDDEN]')) LIFETIME(MIN 0 MAX 100) LAYOUT(HASHED(SHARDS 2)) COMMENT 'names'

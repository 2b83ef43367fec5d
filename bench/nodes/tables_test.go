package nodes_test

import "fmt"

// compared is how many tables verify compares, skein's own four and that of the group's
// first migration among them.
const compared = 200

// tables are the statements that make what the measured clusters have beside what skein made:
// three of five tables are Replicated, with what a table has that is in use, the others are
// Distributed tables and materialized views over them.
func tables() []string {
	const own = 5
	var out []string
	for i := range compared - own {
		n := i / 5
		switch i % 5 {
		case 3:
			out = append(out, fmt.Sprintf("CREATE TABLE skein.events_dist_%03d AS skein.events_%03d_0 ENGINE = Distributed('skein_dist', 'skein', 'events_%03[2]d_0', cityHash64(project_id))", n, n))
		case 4:
			out = append(out, fmt.Sprintf("CREATE MATERIALIZED VIEW skein.events_view_%03d TO skein.events_%03d_1 AS SELECT * FROM skein.events_%03[2]d_0 WHERE retention_days > 30 AND deleted = 0", n, n))
		default:
			out = append(out, replicated(fmt.Sprintf("events_%03d_%d", n, i%5)))
		}
	}
	return out
}

func replicated(name string) string {
	return "CREATE TABLE skein." + name + ` (
		project_id UInt64, timestamp DateTime CODEC(DoubleDelta, LZ4), event_id UUID, deleted UInt8 DEFAULT 0,
		environment LowCardinality(Nullable(String)), platform LowCardinality(String), message String CODEC(ZSTD(3)),
		title String DEFAULT '' COMMENT 'what people see first', level LowCardinality(String), user_id Nullable(String),
		tags Map(String, String), retention_days UInt16 DEFAULT 90,
		INDEX by_event event_id TYPE bloom_filter(0.01) GRANULARITY 4
	) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/events/{shard}/skein/` + name + `', '{replica}', deleted)
	PARTITION BY (retention_days, toMonday(timestamp)) ORDER BY (project_id, toStartOfDay(timestamp), cityHash64(event_id))
	TTL timestamp + toIntervalDay(retention_days) SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1`
}

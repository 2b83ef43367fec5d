package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skein-migrate/skein/bench/planning"
	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

const (
	manyGroups = 50
	manyFiles  = 200 // in each group
	// readsAndPlans is the name by which this binary reads and plans a project
	// instead of running tests, so that the memory is that of a process of its own.
	readsAndPlans = "skein-reads-and-plans"
)

// BenchmarkReadAndPlan10000Files reads a project of 50 groups with 200 files each, SQL
// and YAML, and plans all of them for two shards with two replicas. B/op is what is
// allocated in all; the peak is that of the whole process, in one that does it once.
// None of the files has a row in the state, as on a cluster that is new: a file that has
// one is compared with it by its checksum, and not planned.
func BenchmarkReadAndPlan10000Files(b *testing.B) {
	dir := b.TempDir()
	writeProject(b, dir)
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := readProject(dir); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read and plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := readAndPlan(dir); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("as a process", func(b *testing.B) {
		self, err := os.Executable()
		if err != nil {
			b.Fatal(err)
		}
		peak, cpu := int64(0), time.Duration(0)
		for b.Loop() {
			cmd := exec.Cmd{Path: self, Args: []string{readsAndPlans, dir}, Stderr: os.Stderr}
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
			usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			peak = max(peak, usage.Maxrss)
			cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		}
		b.ReportMetric(float64(peak)/1024, "peak-MB")
		b.ReportMetric(cpu.Seconds()/float64(b.N), "cpu-s/op")
	})
}

// readAndPlanMain is this binary under the name readsAndPlans.
func readAndPlanMain() {
	CollectLess()
	if err := readAndPlan(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readProject(dir string) (*config.Config, *migration.Registry, error) {
	cfg, err := config.Load(config.Options{Path: filepath.Join(dir, "skein.yaml")})
	if err != nil {
		return nil, nil, err
	}
	a := &app{}
	registry, err := a.registry(cfg)
	return cfg, registry, err
}

func readAndPlan(dir string) error {
	cfg, registry, err := readProject(dir)
	if err != nil {
		return err
	}
	if err := cfg.CheckStorageSets(registry.StorageSets()); err != nil {
		return err
	}
	var lists [][]ops.Operation
	for _, group := range registry.Groups() {
		for _, m := range group.Migrations {
			lists = append(lists, m.Forward)
		}
	}
	planner := plan.New(cfg.StorageSets(), planning.TwoByTwo())
	planner.Ahead(lists...)
	planned := 0
	for _, list := range lists {
		steps, _, err := planner.Operations(list)
		if err != nil {
			return err
		}
		planned += len(steps)
	}
	if planned < manyGroups*manyFiles {
		return fmt.Errorf("%d steps of %d files", planned, manyGroups*manyFiles)
	}
	return nil
}

// writeProject writes skein.yaml and the files.
func writeProject(b *testing.B, dir string) {
	b.Helper()
	var text strings.Builder
	text.WriteString("clusters:\n  - {name: main, hosts: [\"ch-1:9000\"], cluster_name: local, distributed_cluster_name: dist, storage_sets: [migrations, events]}\n" +
		"coordination: {zookeeper: [\"zk-1:2181\"]}\ngroups:\n")
	for g := range manyGroups {
		group := filepath.Join(dir, fmt.Sprintf("g%02d", g))
		if err := os.Mkdir(group, 0o755); err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&text, "  - {name: g%02d, dir: %q, storage_sets: [events], sequential: true}\n", g, group)
		for i := range manyFiles {
			name, content := manyFile(g, i)
			if err := os.WriteFile(filepath.Join(group, name), []byte(content), 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "skein.yaml"), []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
}

// manyFile is one of ten kinds of files, every other one in YAML. The first two make
// a table in SQL and one in YAML, which the others change.
func manyFile(group, i int) (name, text string) {
	kinds := []string{
		sqlTable, yamlTable, sqlColumns, yamlColumns, sqlView, yamlIndex, sqlFill, yamlView, sqlSettings, yamlRename,
	}
	kind := i % len(kinds)
	ending := []string{"sql", "yaml"}[i%2]
	table := fmt.Sprintf("t_%02d_%03d", group, i/len(kinds))
	text = strings.NewReplacer("TABLE_", table, "COLUMN_", fmt.Sprintf("column_%d", i)).Replace(kinds[kind])
	return fmt.Sprintf("%04d_change_%d.%s", i+1, i, ending), text
}

const sqlTable = `-- The events of one of our products, as the collectors send them.
-- skein:up
-- @stmt target=local
CREATE TABLE {db}.TABLE__local {on_cluster}
(
    project_id UInt64,
    event_id UUID,
    timestamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    platform LowCardinality(String) DEFAULT 'other', -- one of twenty
    message String CODEC(ZSTD(3)),
    tags Map(String, String) DEFAULT {'source': 'sdk'},
    retention_days UInt16 DEFAULT 90,
    deleted UInt8 DEFAULT 0,
    INDEX by_platform platform TYPE set(100) GRANULARITY 4
)
ENGINE = {replicated:ReplacingMergeTree(deleted)}
PARTITION BY (retention_days, toMonday(timestamp))
ORDER BY (project_id, toStartOfDay(timestamp), cityHash64(event_id))
SAMPLE BY cityHash64(event_id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS index_granularity = 8192

-- @stmt target=distributed
CREATE TABLE {db}.TABLE__dist {on_cluster} AS {db}.TABLE__local
ENGINE = Distributed({cluster}, {db}, TABLE__local, cityHash64(project_id))

-- skein:down
-- @stmt target=distributed
DROP TABLE {db}.TABLE__dist {on_cluster}

-- @stmt target=local
DROP TABLE {db}.TABLE__local {on_cluster}
`

const yamlTable = `# The sums that the dashboards of one of our products read.
target: local
forward:
  - create_table:
      table: TABLE__sums
      columns:
        - {name: project_id, type: UInt64}
        - {name: hour, type: DateTime, codec: "DoubleDelta, ZSTD(1)"}
        - {name: platform, type: LowCardinality(String), expression: "'other'"}
        - {name: events, type: UInt64, comment: those that were accepted}
        - {name: bytes, type: UInt64}
        - {name: users, type: "AggregateFunction(uniq, UInt64)"}
      engine:
        kind: AggregatingMergeTree
        partition_by: toYYYYMM(hour)
        order_by: (project_id, platform, hour)
        ttl: hour + toIntervalDay(400)
        settings: {index_granularity: 1024}
  - create_table:
      table: {name: TABLE__sums_dist, target: distributed}
      columns:
        - {name: project_id, type: UInt64}
        - {name: hour, type: DateTime}
        - {name: platform, type: LowCardinality(String)}
        - {name: events, type: UInt64}
        - {name: bytes, type: UInt64}
      engine: {kind: Distributed, local_table: TABLE__sums, sharding_key: cityHash64(project_id)}
`

const sqlColumns = `-- skein:up
-- @stmt target=local
ALTER TABLE {db}.TABLE__local {on_cluster}
    ADD COLUMN COLUMN__id UUID DEFAULT toUUID('00000000-0000-0000-0000-000000000000') AFTER event_id,
    ADD COLUMN COLUMN__name LowCardinality(String) DEFAULT '' COMMENT 'as it was sent; may be empty' AFTER COLUMN__id

-- @stmt target=distributed
ALTER TABLE {db}.TABLE__dist {on_cluster}
    ADD COLUMN COLUMN__id UUID,
    ADD COLUMN COLUMN__name LowCardinality(String)

-- skein:down
-- @stmt target=distributed
ALTER TABLE {db}.TABLE__dist {on_cluster} DROP COLUMN COLUMN__name, DROP COLUMN COLUMN__id

-- @stmt target=local
ALTER TABLE {db}.TABLE__local {on_cluster} DROP COLUMN COLUMN__name, DROP COLUMN COLUMN__id
`

const yamlColumns = `forward:
  - add_column:
      table: {name: TABLE__sums, target: local}
      column: {name: COLUMN__total, type: UInt64, expression: "events + bytes", kind: materialized}
      after: bytes
  - add_column:
      table: {name: TABLE__sums, target: local}
      column:
        name: COLUMN__note
        type: String
        expression: "concat('of ', toString(project_id))"
        codec: ZSTD(1)
        comment: |
          What the dashboards print below a bar,
          in one line.
  - add_column:
      table: {name: TABLE__sums_dist, target: distributed}
      column: {name: COLUMN__note, type: String}
`

const sqlView = `-- skein:up
-- @stmt target=local scope=every-node
CREATE MATERIALIZED VIEW {db}.TABLE__to_sums {on_cluster} TO {db}.TABLE__sums AS
SELECT
    project_id,
    toStartOfHour(timestamp) AS hour,
    platform,
    count() AS events,
    sum(length(message)) AS bytes,
    uniqState(cityHash64(tags['user'])) AS users
FROM {db}.TABLE__local
WHERE deleted = 0
GROUP BY project_id, hour, platform

-- skein:down
-- @stmt target=local
DROP TABLE {db}.TABLE__to_sums {on_cluster}
`

const yamlIndex = `target: local
forward:
  - add_index:
      table: TABLE__sums
      index: {name: COLUMN__minmax, expression: "events, bytes", type: minmax, granularity: 2}
  - modify_ttl: {table: TABLE__sums, ttl: hour + toIntervalDay(200), was: hour + toIntervalDay(400)}
`

const sqlFill = `-- @blocking
-- @irreversible "the rows were copied from a system that is no more"
-- skein:up
-- @stmt target=local scope=one-per-replica-set timeout=2h
ALTER TABLE {db}.TABLE__local {on_cluster}
    UPDATE platform = multiIf(message LIKE '%android%', 'android', message LIKE '%ios; iPhone%', 'ios', platform)
    WHERE platform = 'other' AND timestamp < '2026-01-01 00:00:00'

-- skein:down
`

const yamlView = `target: distributed
forward:
  - create_view:
      table: TABLE__daily
      query: |
        SELECT project_id, toDate(hour) AS day, sum(events) AS events
        FROM default.TABLE__sums_dist
        GROUP BY project_id, day
      reads: [TABLE__sums_dist]
`

const sqlSettings = `-- skein:up
-- @stmt target=local
ALTER TABLE {db}.TABLE__local {on_cluster} MODIFY SETTING merge_with_ttl_timeout = 3600, max_bytes_to_merge_at_max_space_in_pool = 32212254720

-- skein:down
-- @stmt target=local
ALTER TABLE {db}.TABLE__local {on_cluster} RESET SETTING merge_with_ttl_timeout, max_bytes_to_merge_at_max_space_in_pool
`

const yamlRename = `target: local
depends_on: []
forward:
  - modify_column:
      table: TABLE__sums
      column: {name: bytes, type: UInt64, comment: of the bodies alone}
      was: {name: bytes, type: UInt64}
`

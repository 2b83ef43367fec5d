package cluster

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// settings are what goes with a statement to a node, by the names that the
// node has: waiting for all replicas, synchronous DROP, no time limit of its own.
func (c *Cluster) settings(known map[string]bool, stmt ops.Statement, onCluster bool) []ops.Setting {
	sync, late := "2", seconds(c.options.WaitLimit)
	if len(c.leftLocal)+len(c.leftDist) > 0 {
		// 2 waits for the replica that is left out, and so does 18.16 whatever it is
		// told. The conditions say when the others are there.
		sync, late = "1", "1"
	}
	if stmt.Traits.Mutation {
		// Awaited by skein, with progress: a server-side wait would hide it.
		sync = "0"
	}
	var out []ops.Setting
	add := func(name, value string) bool {
		if known[name] {
			out = append(out, ops.Setting{Name: name, Value: value})
		}
		return known[name]
	}
	if !add("alter_sync", sync) {
		add("replication_alter_partitions_sync", sync)
	}
	add("mutations_sync", sync)
	add("database_atomic_wait_for_drop_and_detach_synchronously", "1")
	add("max_execution_time", "0")
	// A dead replica ends the server's wait for it at our limit, with 341.
	for _, name := range []string{"replication_alter_columns_timeout", "replication_wait_for_inactive_replica_timeout"} {
		add(name, late)
	}
	if onCluster {
		add("distributed_ddl_task_timeout", seconds(c.options.DDLTimeout))
		add("distributed_ddl_output_mode", "throw")
	}
	for _, setting := range stmt.Settings {
		out = override(out, setting)
	}
	return out
}

// settings are the cluster's, and what leads from a server's query log back to the
// migration.
func (s *sending) settings(node nodeFacts, onCluster bool) []ops.Setting {
	out := s.cluster.settings(node.Settings, s.step.Statement, onCluster)
	own := slices.ContainsFunc(out, func(setting ops.Setting) bool { return setting.Name == logComment })
	if node.Settings[logComment] && !own {
		out = append(out, ops.Setting{Name: logComment, Value: comment(s.x.RunID, s.step.Key, s.step.Index)})
	}
	return out
}

const logComment = "log_comment" // since 21.1

// comment is the log_comment of a statement: JSON, for JSONExtract in system.query_log.
func comment(run string, key journal.Key, step int) string {
	text, err := json.Marshal(struct {
		Run       string `json:"skein_run"`
		Group     string `json:"group"`
		Migration string `json:"migration"`
		Step      int    `json:"step"`
	}{run, key.Group, key.ID, step})
	if err != nil {
		return run // a struct of strings has a JSON form
	}
	return string(text)
}

// override lets a statement's own setting win.
func override(settings []ops.Setting, setting ops.Setting) []ops.Setting {
	for i := range settings {
		if settings[i].Name == setting.Name {
			settings[i] = setting
			return settings
		}
	}
	return append(settings, setting)
}

func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(d/time.Second)))
}

package danger

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// The settings that limit what a server drops.
const (
	MaxTableSizeToDrop     = "max_table_size_to_drop"
	MaxPartitionSizeToDrop = "max_partition_size_to_drop"
)

// Limit is a size above which a server drops nothing.
type Limit struct {
	Bytes uint64 // 0: there is none
	// Assumed: the server does not say, and this is what it is by default.
	Assumed bool
}

// DefaultLimit is what servers have if nothing is configured: 50 GB.
func DefaultLimit() Limit { return Limit{Bytes: 50_000_000_000, Assumed: true} }

// limited says which setting limits what a statement drops; "" for none. It is
// DROP and TRUNCATE of a table, and DROP, DETACH and REPLACE of a partition: each
// was seen to be refused.
func limited(stmt ops.Statement) string {
	sql := strings.ToUpper(stmt.SQL(""))
	switch {
	case stmt.Call != nil:
	case stmt.Traits.DropsData && (strings.HasPrefix(sql, "DROP TABLE") || strings.HasPrefix(sql, "TRUNCATE TABLE") ||
		strings.HasPrefix(sql, "DROP DATABASE")):
		return MaxTableSizeToDrop
	case len(partitionsAfter(stmt, `DROP|REPLACE|DETACH`)) > 0:
		return MaxPartitionSizeToDrop
	}
	return ""
}

// TooLarge is a drop that a server would refuse.
type TooLarge struct {
	Table, Node  string
	Bytes, Limit uint64
	Setting      string
	// Assumed: the server does not tell its limit.
	Assumed bool
}

func (t TooLarge) String() string {
	if t.Assumed {
		return fmt.Sprintf("%s holds %s on %s, which does not tell its %s: taken to be %s",
			t.Table, Size(t.Bytes), t.Node, t.Setting, Size(t.Limit))
	}
	return fmt.Sprintf("%s holds %s on %s, more than its %s lets go (%s)", t.Table, Size(t.Bytes), t.Node, t.Setting, Size(t.Limit))
}

// tooLarge compares what a step drops on each node with the node's limit.
func tooLarge(step plan.Step, path *course, nodes map[string]Holding) []TooLarge {
	setting := limited(step.Statement)
	if setting == "" {
		return nil
	}
	var out []TooLarge
	for _, table := range subjects(step) {
		now, there := path.at(step.Cluster, table)
		if !there {
			continue
		}
		for _, node := range step.Nodes {
			holding := nodes[node.Name()]
			limit := holding.limit(setting, step.Statement.Settings)
			for name, have := range holding.of(now) {
				bytes := have.largest(step.Statement, setting)
				if limit.Bytes > 0 && bytes > limit.Bytes && strings.HasSuffix(have.Engine, "MergeTree") {
					out = append(out, TooLarge{name, node.Name(), bytes, limit.Bytes, setting, limit.Assumed})
				}
			}
		}
	}
	return out
}

// limit is a node's, unless the statement brings its own.
func (h Holding) limit(setting string, settings []ops.Setting) Limit {
	limit, known := h.Limits[setting]
	if !known {
		limit = DefaultLimit()
	}
	for _, own := range settings {
		if bytes, err := strconv.ParseUint(own.Value, 10, 64); own.Name == setting && err == nil {
			limit = Limit{Bytes: bytes}
		}
	}
	return limit
}

// largest is the size that the server compares: the table's, or that of the
// largest partition; 0 where it is not known.
func (t TableHolding) largest(stmt ops.Statement, setting string) uint64 {
	if setting == MaxTableSizeToDrop {
		return t.Amount.Bytes
	}
	bytes := uint64(0)
	for _, name := range partitionsAfter(stmt, `DROP|REPLACE|DETACH`) {
		bytes = max(bytes, t.Partitions[name].Bytes)
	}
	return bytes
}

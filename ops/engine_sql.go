package ops

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// resolved is an engine as it is on the nodes of one place.
type resolved struct {
	name string // as system.tables names it
	path string // in ZooKeeper, macros unexpanded; empty when not Replicated
	// replica is the name within the path, macros unexpanded
	replica string
	sql     string // all that follows ENGINE =
}

// resolve decides on the Replicated form and renders the engine of a table
// whose database is filled in.
func (e Engine) resolve(t Table, env Env) (resolved, error) {
	var r resolved
	var args []string
	switch e.Kind {
	case Raw:
		text := strings.TrimSpace(e.Text)
		end := strings.IndexAny(text, "( \t\r\n")
		if end < 0 {
			end = len(text)
		}
		return resolved{name: text[:end], sql: text + e.clauses()}, nil
	case DistributedEngine:
		if env.SingleNode || env.LocalCluster == "" {
			return r, errors.New("a Distributed engine has no cluster to name here: " +
				"set cluster_name, or target DISTRIBUTED, which a single node skips")
		}
		source := e.source(t)
		args = []string{String(env.LocalCluster), String(source.Database), String(source.Name)}
		if e.ShardingKey != "" {
			args = append(args, e.ShardingKey)
		}
	default:
		args = e.arguments()
	}
	r.name = string(e.Kind)
	if e.mergeTree() && !env.SingleNode && !e.LocalOnly {
		path, err := e.path(t, env)
		if err != nil {
			return r, err
		}
		r.name, r.path, r.replica = "Replicated"+r.name, path, e.replica(env)
		args = append([]string{String(path), String(r.replica)}, args...)
	}
	r.sql = r.name
	if len(args) > 0 {
		r.sql += "(" + strings.Join(args, ", ") + ")"
	}
	r.sql += e.clauses()
	return r, nil
}

// source is the table that a Distributed table reads.
func (e Engine) source(t Table) Table {
	database := e.Database
	if database == "" {
		database = t.Database
	}
	return Table{Place: Place{StorageSet: t.StorageSet, Target: Local}, Database: database, Name: e.LocalTable}
}

// arguments of a MergeTree kind, beside those of replication.
func (e Engine) arguments() []string {
	var args []string
	for _, name := range []string{e.Sign, e.Version, e.IsDeleted} {
		if name != "" {
			args = append(args, Ident(name))
		}
	}
	if len(e.Columns) > 0 {
		names := make([]string, len(e.Columns))
		for i, name := range e.Columns {
			names[i] = Ident(name)
		}
		args = append(args, "("+strings.Join(names, ", ")+")")
	}
	return args
}

// path is where the table's replicas meet in ZooKeeper. A configured path wins
// over all that the engine says.
func (e Engine) path(t Table, env Env) (string, error) {
	if path := env.Paths[t.String()]; path != "" {
		return path, nil
	}
	for _, part := range []string{string(t.StorageSet), t.Database, t.Name} {
		if !pathPart(part) {
			return "", fmt.Errorf("%q cannot be part of a ZooKeeper path: configure the path of table %s", part, t)
		}
	}
	shard := "{shard}"
	if e.Unsharded {
		shard = "all"
	}
	return fmt.Sprintf("/clickhouse/tables/%s/%s/%s/%s%s", t.StorageSet, shard, t.Database, t.Name, e.PathSuffix), nil
}

// pathPart says that a name can stand in a ZooKeeper path as it is. The server
// expands macros in the whole path and splits it at slashes; ZooKeeper refuses
// control characters (999), private-use ones, specials and parts of dots.
func pathPart(name string) bool {
	refused := func(r rune) bool {
		return unicode.IsControl(r) || strings.ContainsRune("/{}", r) ||
			r >= 0xe000 && r <= 0xf8ff || r >= 0xfff0 && r <= 0xffff
	}
	return name != "" && name != "." && name != ".." && utf8.ValidString(name) && !strings.ContainsFunc(name, refused)
}

// replica is the name of a replica within the path. Replicas of an unsharded
// table are on all shards, where {replica} alone may come twice.
func (e Engine) replica(env Env) string {
	switch {
	case e.Unsharded && env.UnshardedReplica != "":
		return env.UnshardedReplica
	case env.ReplicaMacro != "":
		return env.ReplicaMacro
	}
	return "{replica}"
}

func (e Engine) clauses() string {
	var b strings.Builder
	for _, clause := range []struct{ keyword, text string }{
		{"PARTITION BY", e.PartitionBy},
		{"PRIMARY KEY", e.PrimaryKey},
		{"ORDER BY", e.OrderBy},
		{"SAMPLE BY", e.SampleBy},
		{"TTL", e.TTL},
		{"SETTINGS", assignments(e.Settings)},
	} {
		if clause.text != "" {
			b.WriteString("\n" + clause.keyword + " " + clause.text)
		}
	}
	return b.String()
}

func assignments(settings []Setting) string {
	texts := make([]string, len(settings))
	for i, setting := range settings {
		texts[i] = setting.SQL()
	}
	return strings.Join(texts, ", ")
}

// supported refuses an engine with parts that the nodes lack.
func (e Engine) supported(op Operation, env Env) error {
	return errors.Join(
		env.need(op, FeatureTableTTL, e.TTL != ""),
		env.need(op, FeatureReplacingIsDeleted, e.IsDeleted != ""),
	)
}

package ops

import (
	"errors"
	"fmt"
	"strconv"
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
	if e.Kind == Raw {
		text := strings.TrimSpace(e.Text)
		end := strings.IndexAny(text, "( \t\r\n")
		if end < 0 {
			end = len(text)
		}
		return resolved{name: text[:end], sql: text + e.clauses()}, nil
	}
	var r resolved
	args, err := e.arguments(t, env)
	if err != nil {
		return r, err
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

// source is the one table, or dictionary, that a table of this engine reads. It
// has no name where there is no such.
func (e Engine) source(t Table) Table {
	source := Table{Place: t.Place, Database: e.Database}
	if source.Database == "" {
		source.Database = t.Database
	}
	switch e.Kind {
	case DistributedEngine:
		source.Target, source.Name = Local, e.LocalTable
	case DictionaryEngine:
		source.Name = e.Dictionary
	default:
		return Table{}
	}
	return source
}

// arguments are what stands in the engine's brackets, replication apart.
func (e Engine) arguments(t Table, env Env) ([]string, error) {
	source := e.source(t)
	switch e.Kind {
	case DistributedEngine:
		if env.SingleNode || env.LocalCluster == "" {
			return nil, errors.New("a Distributed engine has no cluster to name here: " +
				"set cluster_name, or target DISTRIBUTED, which a single node skips")
		}
		args := []string{String(env.LocalCluster), String(source.Database), String(source.Name)}
		if e.ShardingKey != "" {
			args = append(args, e.ShardingKey)
		}
		return append(args, literals(e.Policy)...), nil
	case DictionaryEngine:
		return literals(source.String()), nil // 26.7 finds none by a name without a database (36)
	case MergeEngine:
		database := String(t.Database)
		switch {
		case e.DatabaseRegexp != "":
			database = "REGEXP(" + String(e.DatabaseRegexp) + ")"
		case e.Database != "":
			database = String(e.Database)
		}
		return []string{database, String(e.TableRegexp)}, nil
	case KeeperMap:
		args := literals(e.Path)
		if e.KeysLimit > 0 {
			args = append(args, strconv.Itoa(e.KeysLimit))
		}
		return args, nil
	case Kafka, URL, S3:
		return e.outside(), nil
	}
	return e.treeArguments(), nil
}

// outside are the arguments of what reads from elsewhere: by position, or by
// name behind a named collection.
func (e Engine) outside() []string {
	if e.Collection != "" {
		args := []string{Ident(e.Collection)}
		for _, argument := range []Setting{
			{"url", e.URL},
			{"filename", e.Filename},
			{"format", e.Format},
			{"compression_method", e.Compression},
		} {
			if argument.Value != "" {
				args = append(args, argument.Name+" = "+String(argument.Value))
			}
		}
		return args
	}
	args := literals(e.URL)
	if c := e.Credentials; c != nil {
		if c.NoSign {
			args = append(args, "NOSIGN")
		}
		args = append(args, literals(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)...)
	}
	return append(args, literals(e.Format, e.Compression)...)
}

// literals quotes those of the texts that are set.
func literals(texts ...string) []string {
	var quoted []string
	for _, text := range texts {
		if text != "" {
			quoted = append(quoted, String(text))
		}
	}
	return quoted
}

// treeArguments of a MergeTree kind, beside those of replication.
func (e Engine) treeArguments() []string {
	var args []string
	for _, name := range []string{e.Sign, e.Version, e.IsDeleted} {
		if name != "" {
			args = append(args, Ident(name))
		}
	}
	if len(e.Columns) > 0 {
		args = append(args, "("+identifiers(e.Columns)+")")
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
		need(env, op, FeatureTableTTL, e.TTL != ""),
		need(env, op, FeatureReplacingIsDeleted, e.IsDeleted != ""),
		need(env, op, FeatureDistributedPolicy, e.Policy != ""),
		need(env, op, FeatureDistributedSettings, e.Kind == DistributedEngine && len(e.Settings) > 0),
		need(env, op, FeatureDictionaries, e.Kind == DictionaryEngine), // those of configuration files: Raw
		need(env, op, FeatureKeeperMap, e.Kind == KeeperMap),
		need(env, op, FeatureKafkaSettings, e.Kind == Kafka),
		need(env, op, FeatureS3, e.Kind == S3),
		need(env, op, FeatureNamedCollections, e.Collection != ""),
	)
}

package dump

import (
	"slices"
	"strconv"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// engines are the ways to say an engine, best first: by its kind, by its kind
// without replication, and as the server's own text with its clauses.
func (s statement) engines(clauses map[string]span) []ops.Engine {
	is := clauses["ENGINE ="]
	if is.empty() {
		return nil
	}
	common := ops.Engine{
		PartitionBy: s.of(clauses["PARTITION BY"]), PrimaryKey: s.of(clauses["PRIMARY KEY"]), OrderBy: s.of(clauses["ORDER BY"]),
		SampleBy: s.of(clauses["SAMPLE BY"]), TTL: s.of(clauses["TTL"]), Settings: s.settings(clauses["SETTINGS"]),
	}
	var args []span
	if s.at(is.from+1, "(") {
		args = s.list(span{is.from + 2, is.to - 1})
	}
	var found []ops.Engine
	kind := s.tokens[is.from].value
	if engine, ok := s.tree(kind, args, common); ok {
		found = append(found, engine...)
	} else if engine, ok := s.other(ops.EngineKind(kind), args, common); ok {
		found = append(found, engine)
	}
	common.Kind, common.Text = ops.Raw, s.of(is)
	return append(found, common)
}

// tree reads an engine of the MergeTree family.
func (s statement) tree(kind string, args []span, e ops.Engine) ([]ops.Engine, bool) {
	plain, replicated := strings.CutPrefix(kind, "Replicated")
	e.Kind = ops.EngineKind(plain)
	family := []ops.EngineKind{
		ops.MergeTree, ops.ReplacingMergeTree, ops.SummingMergeTree, ops.AggregatingMergeTree,
		ops.CollapsingMergeTree, ops.VersionedCollapsingMergeTree,
	}
	if !slices.Contains(family, e.Kind) {
		return nil, false
	}
	path := ""
	if replicated {
		if len(args) < 2 {
			return nil, false
		}
		path, _ = s.literal(args[0])
		args = args[2:]
	}
	if e.Kind == ops.SummingMergeTree && len(args) == 1 {
		list := args[0]
		if s.at(list.from, "(") {
			list = span{list.from + 1, list.to - 1}
		}
		for _, column := range s.list(list) {
			name, _ := s.identifier(column)
			e.Columns = append(e.Columns, name)
		}
	} else {
		for i, field := range treeFields(&e) {
			if i < len(args) {
				*field, _ = s.identifier(args[i])
			}
		}
	}
	if !replicated {
		alone := e
		alone.LocalOnly = true
		return []ops.Engine{e, alone}, true
	}
	last := path[strings.LastIndex(path, "/")+1:]
	e.PathSuffix = strings.TrimPrefix(last, s.tokens[s.name.to-1].value)
	spread := e
	spread.Unsharded = true
	plainPath, plainSpread := e, spread
	plainPath.PathSuffix, plainSpread.PathSuffix = "", ""
	return []ops.Engine{plainPath, plainSpread, e, spread}, true
}

// treeFields are what the arguments of a kind are, in their order.
func treeFields(e *ops.Engine) []*string {
	switch e.Kind {
	case ops.ReplacingMergeTree:
		return []*string{&e.Version, &e.IsDeleted}
	case ops.CollapsingMergeTree:
		return []*string{&e.Sign}
	case ops.VersionedCollapsingMergeTree:
		return []*string{&e.Sign, &e.Version}
	}
	return nil
}

// other reads the engines of ops that are no MergeTree.
func (s statement) other(kind ops.EngineKind, args []span, e ops.Engine) (ops.Engine, bool) {
	e.Kind = kind
	texts := make([]string, len(args))
	for i, arg := range args {
		texts[i], _ = s.literal(arg)
	}
	at := func(i int) string {
		if i < len(texts) {
			return texts[i]
		}
		return ""
	}
	switch kind {
	case ops.Memory, ops.Null:
	case ops.DistributedEngine:
		e.Database, e.LocalTable, e.Policy = at(1), at(2), at(4)
		if len(args) > 3 {
			e.ShardingKey = s.of(args[3])
		}
	case ops.MergeEngine:
		e.Database, e.TableRegexp = at(0), at(1)
		if len(args) > 0 && s.at(args[0].from, "REGEXP", "(") {
			e.Database, e.DatabaseRegexp = "", s.tokens[min(args[0].from+2, len(s.tokens)-1)].value
		}
	case ops.DictionaryEngine:
		if e.Database, e.Dictionary, _ = strings.Cut(at(0), "."); e.Dictionary == "" {
			return e, false
		}
	case ops.KeeperMap:
		e.Path = at(0)
		if len(args) > 1 {
			e.KeysLimit, _ = strconv.Atoi(s.of(args[1]))
		}
	case ops.Kafka, ops.URL, ops.S3:
		s.outside(args, at, &e)
	default:
		return e, false
	}
	if e.Database == s.database {
		e.Database = "" // the table's own, wherever that is
	}
	return e, true
}

// outside reads the arguments of what reads from elsewhere.
func (s statement) outside(args []span, at func(int) string, e *ops.Engine) {
	if len(args) == 0 {
		return
	}
	if collection, ok := s.identifier(args[0]); ok {
		e.Collection = collection
		for _, setting := range s.settings(span{args[0].to + 1, args[len(args)-1].to}) {
			if field := map[string]*string{
				"url": &e.URL, "filename": &e.Filename, "format": &e.Format, "compression_method": &e.Compression,
			}[setting.Name]; field != nil {
				*field = setting.Value
			}
		}
		return
	}
	e.URL = at(0)
	rest := 1
	if e.Kind == ops.S3 {
		switch {
		case len(args) > 1 && s.at(args[1].from, "NOSIGN"):
			e.Credentials, rest = &ops.Credentials{NoSign: true}, 2
		case len(args) > 3:
			e.Credentials, rest = &ops.Credentials{AccessKeyID: at(1), SecretAccessKey: at(2)}, 3
			if strings.HasPrefix(at(3), "{secret:") {
				e.Credentials.SessionToken, rest = at(3), 4
			}
		}
	}
	e.Format, e.Compression = at(rest), at(rest+1)
}

package ops

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// engineKind says what an engine takes. Fields are named as in Engine.
type engineKind struct {
	needs []string // the fields that it cannot do without
	reads []string // those that it takes beside
}

// engineKinds is one row a kind. CREATE of a kind that is not here is refused.
func engineKinds() map[EngineKind]engineKind {
	clauses := []string{"PartitionBy", "PrimaryKey", "OrderBy", "SampleBy", "TTL", "Settings"}
	tree := func(needs []string, reads ...string) engineKind {
		replication := []string{"Unsharded", "PathSuffix", "LocalOnly"}
		return engineKind{append(needs, "OrderBy"), slices.Concat(reads, clauses, replication)}
	}
	return map[EngineKind]engineKind{
		MergeTree:                    tree(nil),
		ReplacingMergeTree:           tree(nil, "Version", "IsDeleted"),
		SummingMergeTree:             tree(nil, "Columns"),
		AggregatingMergeTree:         tree(nil),
		CollapsingMergeTree:          tree([]string{"Sign"}),
		VersionedCollapsingMergeTree: tree([]string{"Sign", "Version"}),

		DistributedEngine: {needs: []string{"LocalTable"}, reads: []string{"Database", "ShardingKey", "Policy", "Settings"}},
		MergeEngine:       {needs: []string{"TableRegexp"}, reads: []string{"Database", "DatabaseRegexp"}},
		DictionaryEngine:  {needs: []string{"Dictionary"}, reads: []string{"Database"}},
		KeeperMap:         {needs: []string{"Path", "PrimaryKey"}, reads: []string{"KeysLimit"}},
		Kafka:             {needs: []string{"Settings"}, reads: []string{"Collection"}},
		URL:               {reads: []string{"URL", "Format", "Compression", "Collection", "Filename", "Settings"}},
		S3: {reads: []string{
			"URL", "Format", "Compression", "Collection", "Filename", "Credentials", "PartitionBy", "Settings",
		}},
		Memory: {reads: []string{"Settings"}},
		Null:   {},
		Raw:    {needs: []string{"Text"}, reads: clauses},
	}
}

// engineField is a field of Engine: whether it is set, and what to set it to.
type engineField struct {
	name string
	set  bool
	hint string
}

func (e Engine) fields() []engineField {
	return []engineField{
		{"Version", e.Version != "", "a column"},
		{"IsDeleted", e.IsDeleted != "", "a UInt8 column"},
		{"Sign", e.Sign != "", "an Int8 column"},
		{"Columns", len(e.Columns) > 0, "columns"},
		{"LocalTable", e.LocalTable != "", "the table that it reads"},
		{"Database", e.Database != "", "a database"},
		{"ShardingKey", e.ShardingKey != "", "an expression"},
		{"Policy", e.Policy != "", "a storage policy"},
		{"TableRegexp", e.TableRegexp != "", "a regular expression of the tables that it reads"},
		{"DatabaseRegexp", e.DatabaseRegexp != "", "a regular expression"},
		{"Dictionary", e.Dictionary != "", "the dictionary that it reads"},
		{"Path", e.Path != "", "a path such as \"/offsets\""},
		{"KeysLimit", e.KeysLimit != 0, "a number"},
		{"URL", e.URL != "", "where the rows are"},
		{"Format", e.Format != "", "a format such as \"CSV\""},
		{"Compression", e.Compression != "", "a method such as \"gzip\""},
		{"Collection", e.Collection != "", "a named collection"},
		{"Filename", e.Filename != "", "a file's name"},
		{"Credentials", e.Credentials != nil, "references to secrets"},
		{"Text", strings.TrimSpace(e.Text) != "", "all that stands after ENGINE ="},
		{"PartitionBy", e.PartitionBy != "", "an expression"},
		{"PrimaryKey", e.PrimaryKey != "", "a column"},
		{"OrderBy", e.OrderBy != "", "an expression, or \"tuple()\" for no order"},
		{"SampleBy", e.SampleBy != "", "an expression"},
		{"TTL", e.TTL != "", "an expression"},
		{"Settings", len(e.Settings) > 0, "the engine's settings"},
		{"Unsharded", e.Unsharded, "true"},
		{"PathSuffix", e.PathSuffix != "", "a text such as \"_2\""},
		{"LocalOnly", e.LocalOnly, "true"},
	}
}

// check refuses what no server would take, and fields that the kind does not
// read: they would be lost without a word.
func (e Engine) check(columns []Column) error {
	kind, known := engineKinds()[e.Kind]
	switch {
	case e.Kind == "":
		return errors.New("no engine: set Engine.Kind, such as ops.MergeTree")
	case !known:
		kinds := slices.Sorted(maps.Keys(engineKinds()))
		return fmt.Errorf("unknown engine %q: set one of %v, or Raw with Text", e.Kind, kinds)
	}
	for _, field := range e.fields() {
		needed := slices.Contains(kind.needs, field.name)
		switch {
		case needed && !field.set:
			return fmt.Errorf("a %s engine needs %s: set it to %s", e.Kind, field.name, field.hint)
		case field.set && !needed && !slices.Contains(kind.reads, field.name):
			return fmt.Errorf("a %s engine does not read %s: leave it out", e.Kind, field.name)
		}
	}
	return errors.Join(e.checkTogether(), e.checkOutside(), e.checkColumns(columns))
}

// checkTogether refuses fields that do not go with each other.
func (e Engine) checkTogether() error {
	switch {
	case e.IsDeleted != "" && e.Version == "":
		return errors.New("IsDeleted needs Version")
	case e.LocalOnly && (e.Unsharded || e.PathSuffix != ""):
		return errors.New("LocalOnly has no ZooKeeper path: leave Unsharded and PathSuffix out")
	case strings.ContainsAny(e.PathSuffix, "/{}"):
		return fmt.Errorf("PathSuffix %q: it ends the last part of the path, so leave / { } out: \"_2\"", e.PathSuffix)
	case e.Policy != "" && e.ShardingKey == "":
		return errors.New("Policy stands behind ShardingKey: set that too, \"rand()\" for any shard")
	case e.Database != "" && e.DatabaseRegexp != "":
		return errors.New("Database and DatabaseRegexp say the same: leave one out")
	case e.KeysLimit < 0:
		return fmt.Errorf("KeysLimit is %d: set 0 for no limit, or more", e.KeysLimit)
	}
	return errors.Join(checkClauseSettings(e.Settings), checkSecretsIn(e.Text))
}

// checkOutside checks what URL and S3 read, and that no secret is written out.
func (e Engine) checkOutside() error {
	if e.Kind != URL && e.Kind != S3 {
		return nil
	}
	c := e.Credentials
	switch {
	case e.Collection == "" && e.URL == "":
		return fmt.Errorf("a %s engine needs URL, or Collection: a named collection that has it", e.Kind)
	case e.Collection == "" && e.Format == "":
		return fmt.Errorf("a %s engine needs Format, such as \"CSV\"", e.Kind)
	case e.Collection == "" && e.Filename != "":
		return errors.New("Filename stands behind the url of a named collection: write it in URL, or set Collection")
	case c == nil:
		return nil
	case e.Collection != "":
		return errors.New("Credentials and Collection both say who asks: put the keys into the named collection")
	case c.NoSign && *c != Credentials{NoSign: true}:
		return errors.New("NoSign asks without credentials: leave the others out")
	case !c.NoSign && (c.AccessKeyID == "" || c.SecretAccessKey == ""):
		return errors.New("Credentials need AccessKeyID and SecretAccessKey, or NoSign")
	}
	return errors.Join(
		checkSecret("SecretAccessKey", c.SecretAccessKey),
		checkSecret("SessionToken", c.SessionToken),
	)
}

func (e Engine) checkColumns(columns []Column) error {
	named := append([]string{e.Version, e.IsDeleted, e.Sign}, e.Columns...)
	for _, name := range named {
		if name != "" && !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == name }) {
			return fmt.Errorf("%s names column %s, which is not among Columns: add it", e.Kind, shown(name))
		}
	}
	return nil
}

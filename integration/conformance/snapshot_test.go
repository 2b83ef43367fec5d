package conformance

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/ops"
)

// snapshot is all that a migration could change, by node and object: tables with
// their definitions and rows, and what is in no database.
type snapshot map[string]string

// look reads a snapshot. It shares no code with what it tests.
func (b *bench) look() (schema, rows snapshot) {
	b.t.Helper()
	schema, rows = snapshot{}, snapshot{}
	for _, node := range b.servers.Nodes {
		for _, row := range b.on(node, "SELECT name, engine, create_table_query FROM system.tables WHERE database = '"+b.database+"'") {
			name, engine, create := row[0], row[1], row[2]
			if strings.HasPrefix(name, ".inner") {
				continue
			}
			create = regexp.MustCompile(`(TO INNER )?UUID '[0-9a-f-]+' ?`).ReplaceAllString(create, "")
			schema[node.Name+" "+name] = engine + ": " + create
			if storesRows(engine) {
				rows[node.Name+" "+name] = b.rowsOf(node, name)
			}
		}
		for _, object := range b.objects(node) {
			schema[node.Name+" "+object] = object
		}
	}
	return schema, rows
}

// of is what a snapshot says of the tables of one name.
func (s snapshot) of(table string) snapshot {
	out := maps.Clone(s)
	maps.DeleteFunc(out, func(name, _ string) bool { return !strings.HasSuffix(name, " "+table) })
	return out
}

// text is all of a snapshot, with databases named alike.
func (s snapshot) text() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(s)) {
		lines = append(lines, name+": "+s[name])
	}
	return regexp.MustCompile(`\bc\d{3}\b`).ReplaceAllString(strings.Join(lines, "\n"), "{db}")
}

func storesRows(engine string) bool {
	return strings.HasSuffix(engine, "MergeTree") || engine == "Memory" || engine == "Distributed" || engine == "KeeperMap"
}

func (b *bench) rowsOf(node *testcluster.Node, table string) string {
	b.t.Helper()
	rows, err := b.try(node, "SELECT * FROM {db}.`"+table+"`")
	if err != nil { // of a Distributed table whose local one is not there
		return "cannot be read"
	}
	var texts []string
	for _, row := range rows {
		texts = append(texts, strings.Join(row, "|"))
	}
	slices.Sort(texts)
	return strings.Join(texts, "\n")
}

// objects are the databases, functions and named collections that are not the
// server's own.
func (b *bench) objects(node *testcluster.Node) []string {
	b.t.Helper()
	query := "SELECT concat('database ', name, ' ', engine) FROM system.databases WHERE name != 'system' AND lower(name) != 'information_schema'"
	if b.single {
		query += " UNION ALL SELECT concat(name, ' ', create_query) FROM system.named_collections" +
			" UNION ALL SELECT concat('detached ', table) FROM system.detached_tables WHERE database = '" + b.database + "'"
	}
	var out []string
	for _, row := range b.on(node, query) {
		out = append(out, row[0])
	}
	return slices.AppendSeq(out, maps.Values(b.functions(node)))
}

// functions are the statements of SQL functions, by name.
func (b *bench) functions(node *testcluster.Node) map[string]string {
	b.t.Helper()
	functions, err := node.Functions()
	if err != nil {
		b.t.Fatal(err)
	}
	return functions
}

// droppable are the statements that drop what a scenario left beside its database.
func (b *bench) droppable(node *testcluster.Node) []string {
	b.t.Helper()
	queries := map[string]string{"DATABASE": "SELECT name FROM system.databases WHERE name LIKE 'conformance%'"}
	if b.single {
		queries["NAMED COLLECTION"] = "SELECT name FROM system.named_collections"
	}
	var out []string
	for name := range b.functions(node) {
		out = append(out, "DROP FUNCTION "+ops.Ident(name))
	}
	for kind, query := range queries {
		for _, row := range b.on(node, query) {
			out = append(out, "DROP "+kind+" "+ops.Ident(row[0]))
		}
	}
	return out
}

// differs says what changed between two snapshots, apart from what may.
func differs(before, after snapshot, settles []string) string {
	settled := func(text string) string {
		for _, may := range settles {
			text = strings.ReplaceAll(text, may, "")
		}
		return text
	}
	var out []string
	for name, text := range before {
		now, there := after[name]
		switch {
		case !there:
			out = append(out, fmt.Sprintf("%s is gone: %s", name, text))
		case settled(now) != settled(text):
			out = append(out, fmt.Sprintf("%s\n  was %s\n  is  %s", name, text, now))
		}
	}
	for name, text := range after {
		if _, there := before[name]; !there {
			out = append(out, fmt.Sprintf("%s is new: %s", name, text))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

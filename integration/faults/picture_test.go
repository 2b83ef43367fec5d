package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// picture is all that a fault must not change: schema and rows by node, and the
// state. Names of the project are left out, so that projects can be compared.
type picture struct {
	Schema, Rows map[string][]string // by node
	State        []string
}

// look takes a picture. Replicas first fetch the rows that they lack: their
// schema is looked at as it is.
func (p *project) look() picture {
	p.t.Helper()
	schemas := p.onEach(p.schema)
	return picture{Schema: schemas, Rows: p.onEach(func(n *testcluster.Node) []string { return p.rows(n, schemas[n.Name]) }), State: p.state()}
}

// onEach asks all nodes at once.
func (p *project) onEach(of func(*testcluster.Node) []string) map[string][]string {
	out := map[string][]string{}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, n := range p.servers.Nodes {
		wg.Go(func() {
			lines := of(n)
			mu.Lock()
			defer mu.Unlock()
			out[n.Name] = lines
		})
	}
	wg.Wait()
	return out
}

// schema has a line for each table, "name engine", and for each column, "table name type …".
func (p *project) schema(n *testcluster.Node) []string {
	var out []string
	for _, sql := range []string{
		"SELECT name, engine_full FROM system.tables WHERE database = '%s' AND name LIKE '%%%s' ORDER BY name",
		"SELECT table, name, type, default_kind, default_expression FROM system.columns WHERE database = '%s' " +
			"AND table LIKE '%%%s' ORDER BY table, name",
	} {
		for _, row := range p.query(n, fmt.Sprintf(sql, p.database(), p.suffix)) {
			out = append(out, p.anonymous(strings.Join(row, "\t")))
		}
	}
	return out
}

// rows counts and adds up what the tables of a schema hold.
func (p *project) rows(n *testcluster.Node, schema []string) []string {
	var sums []string
	for table, letter := range map[string]string{"a" + p.suffix: "A", "b" + p.suffix: "B", "calls" + p.suffix: "CALLS"} {
		there, replicated, sum := false, false, "'"+letter+" rows ', toString(count())"
		for _, line := range schema {
			columns := strings.Split(line, "\t")
			if columns[0] != letter {
				continue
			}
			there = true
			replicated = replicated || strings.HasPrefix(columns[1], "Replicated")
			if columns[1] == "id" || columns[1] == "n" {
				sum += ", ' sum " + columns[1] + " ', toString(sum(" + columns[1] + "))"
			}
		}
		full := p.database() + "." + table
		if replicated {
			p.exec(n, "SYSTEM SYNC REPLICA "+full)
		}
		if there {
			sums = append(sums, "SELECT concat("+sum+") AS line FROM "+full)
		}
	}
	if len(sums) == 0 {
		return nil
	}
	var out []string
	for _, row := range p.query(n, strings.Join(sums, " UNION ALL ")) {
		out = append(out, row[0])
	}
	slices.Sort(out)
	return out
}

// anonymous is a text without the project's names.
func (p *project) anonymous(text string) string {
	return strings.NewReplacer(p.database(), "DB", "a"+p.suffix, "A", "b"+p.suffix, "B", "calls"+p.suffix, "CALLS").Replace(text)
}

// state are the rows of the state without what differs from run to run.
func (p *project) state() []string {
	var out []string
	from := "migrations_dist"
	if p.servers.Options.Engine == testcluster.EngineModern {
		from = "migrations_local"
	}
	rows := p.query(p.servers.Nodes[0], "SELECT version, group, migration_id, status, step, steps, error, arrayStringConcat(pending_nodes, ','), "+
		"checksum FROM "+p.database()+"."+from+" FINAL WHERE group IN ('system', '"+p.group+"') ORDER BY group, migration_id") // 18.16 cannot do FINAL without the version
	for _, row := range rows {
		row[8] = "" // of names that differ between projects
		out = append(out, strings.ReplaceAll(strings.Join(row[1:], " "), p.group, group))
	}
	return out
}

// same says how a picture differs from what it should be.
func same(want, got picture) string { return cmp.Diff(want, got) }

// agree checks that all nodes have one schema, and the nodes of a shard one set of rows.
func (p *project) agree(got picture) {
	p.t.Helper()
	nodes := slices.Sorted(maps.Keys(got.Schema))
	for _, node := range nodes[1:] {
		if diff := cmp.Diff(got.Schema[nodes[0]], got.Schema[node]); diff != "" {
			p.errorf("%s and %s have not one schema:\n%s", nodes[0], node, diff)
		}
	}
}

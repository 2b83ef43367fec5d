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
	out := picture{Schema: map[string][]string{}, Rows: map[string][]string{}}
	for _, part := range []struct {
		of   func(*testcluster.Node) []string
		into map[string][]string
	}{{p.schema, out.Schema}, {p.rows, out.Rows}} {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for _, n := range p.servers.Nodes {
			wg.Go(func() {
				lines := part.of(n)
				mu.Lock()
				defer mu.Unlock()
				part.into[n.Name] = lines
			})
		}
		wg.Wait()
	}
	out.State = p.state()
	return out
}

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

// anonymous is a text without the project's names.
func (p *project) anonymous(text string) string {
	return strings.NewReplacer(p.database(), "DB", "a"+p.suffix, "A", "b"+p.suffix, "B", "calls"+p.suffix, "CALLS").Replace(text)
}

func (p *project) rows(n *testcluster.Node) []string {
	var out []string
	tables := p.query(n, "SELECT name, engine FROM system.tables WHERE database = '"+p.database()+"' AND name LIKE '%"+p.suffix+"' ORDER BY name")
	for _, table := range tables {
		full := p.database() + "." + table[0]
		if strings.HasPrefix(table[1], "Replicated") {
			p.exec(n, "SYSTEM SYNC REPLICA "+full)
		}
		sums := []string{"toString(count())"}
		for _, column := range p.query(n, "SELECT name FROM system.columns WHERE database = '"+p.database()+"' AND table = '"+table[0]+"' AND name IN ('id', 'n') ORDER BY name") {
			sums = append(sums, "'sum "+column[0]+"', toString(sum("+column[0]+"))")
		}
		row := p.query(n, "SELECT 'rows', "+strings.Join(sums, ", ")+" FROM "+full)[0]
		out = append(out, p.anonymous(table[0])+" "+strings.Join(row, " "))
	}
	return out
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

package cluster

import (
	"context"
	"sync"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// fingerprint is a table by a sum of all that is compared of it: nodes on which it is the same
// have the table alike, and one of them is asked for it. A thousand nodes with the same
// two hundred tables would otherwise tell them a thousand times.
type fingerprint struct{ database, name, table, columns string }

// printed is what a node has.
type printed struct {
	node   journal.Node
	macros map[string]string
	tables []printedTable
}

type printedTable struct {
	fingerprint
	uuid string
	path string // ZooKeeper path, expanded
}

// prints reads what a node has. That the columns of a table come in their order is not
// promised by a server: in another, the sum is another, and the table is read twice.
func (c *Cluster) prints(ctx context.Context, node string, databases []string, texts *vocabulary) ([]printedTable, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return nil, err
	}
	where := inDatabases(databases)
	rows, err := c.Query(ctx, node, "SELECT 'table', database, name, toString(cityHash64(engine, "+
		"replaceRegexpAll(create_table_query, '(TO INNER )?UUID \\'[0-9a-f-]+\\' ?', ''), "+optional(facts, "tables", "comment")+")), "+
		optional(facts, "tables", "uuid")+" FROM system.tables WHERE "+where("database", "name")+
		unionAll+"SELECT 'columns', database, table, toString(cityHash64(arrayStringConcat(arrayMap(x -> toString(x), groupArray(cityHash64("+
		"name, type, toString(default_kind), default_expression, "+optional(facts, "columns", "compression_codec")+", "+
		optional(facts, "columns", "comment")+"))), ' '))), '' FROM system.columns WHERE "+where("database", "table")+" GROUP BY database, table"+
		unionAll+"SELECT 'replica', database, table, zookeeper_path, '' FROM system.replicas WHERE "+where("database", "table"))
	if err != nil {
		return nil, err
	}
	return printsOf(rows, texts), nil
}

func printsOf(rows [][]string, texts *vocabulary) []printedTable {
	type name struct{ database, table string }
	at := make(map[name]int, len(rows)/2)
	var tables []printedTable
	texts.mu.Lock()
	defer texts.mu.Unlock()
	for _, row := range rows { // in any order, those of tables first
		if row[0] == "table" {
			at[name{row[1], row[2]}] = len(tables)
			tables = append(tables, printedTable{
				fingerprint: fingerprint{database: texts.of(row[1]), name: texts.of(row[2]), table: texts.of(row[3])}, uuid: row[4],
			})
		}
	}
	for _, row := range rows {
		i, there := at[name{row[1], row[2]}]
		switch {
		case !there: // made while they were read
		case row[0] == "columns":
			tables[i].columns = texts.of(row[3])
		case row[0] == "replica":
			tables[i].path = texts.of(row[3])
		}
	}
	return tables
}

// vocabulary keeps one copy of what many nodes say.
type vocabulary struct {
	mu    sync.Mutex
	known map[string]string
}

func (w *vocabulary) of(text string) string {
	if known, there := w.known[text]; there {
		return known
	}
	w.known[text] = text
	return text
}

// sheetsOf reads each table that is not like another once, from the first node that has
// it and answers. One that answers no more is added to silent. What Meets and UUID are is
// for each node to say.
func (c *Cluster) sheetsOf(ctx context.Context, found []*printed, silent map[string]error) map[fingerprint]compare.Table {
	holders := map[fingerprint][]string{}
	for _, p := range found {
		for _, table := range p.tables {
			holders[table.fingerprint] = append(holders[table.fingerprint], p.node.Name())
		}
	}
	sheets := make(map[fingerprint]compare.Table, len(holders))
	var mu sync.Mutex
	for len(holders) > 0 {
		asked := map[string][]fingerprint{}
		var nodes []journal.Node
		for is, names := range holders {
			asked[names[0]] = append(asked[names[0]], is)
		}
		for _, p := range found {
			if asked[p.node.Name()] != nil {
				nodes = append(nodes, p.node)
			}
		}
		failed := c.each(ctx, nodes, func(ctx context.Context, node journal.Node) error {
			read, err := c.readSheets(ctx, node.Name(), asked[node.Name()])
			mu.Lock()
			defer mu.Unlock()
			for is, sheet := range read {
				sheets[is] = sheet
			}
			return err
		})
		for is, names := range holders {
			if err := failed[names[0]]; err != nil {
				silent[names[0]] = err // it has what was read of it, but who knows for how long
			}
			if _, read := sheets[is]; read || len(names) == 1 {
				delete(holders, is)
			} else {
				holders[is] = names[1:]
			}
		}
	}
	return sheets
}

// readSheets reads tables of one node in full. Those that are gone since are left out.
func (c *Cluster) readSheets(ctx context.Context, node string, wanted []fingerprint) (map[fingerprint]compare.Table, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var databases []string
	tables := make([]ops.Table, len(wanted))
	for i, is := range wanted {
		databases = append(databases, is.database)
		tables[i] = ops.Table{Database: is.database, Name: is.name}
	}
	where := among(tables)
	if len(wanted) > fewTables {
		where = inDatabases(unique(databases)) // a condition for each would be a long query
	}
	states, err := c.tables(ctx, node, where, columns)
	if err != nil {
		return nil, err
	}
	read := make(map[fingerprint]compare.Table, len(wanted))
	for _, is := range wanted {
		if state, there := states[is.database+"."+is.name]; there {
			read[is] = sheet(state)
		}
	}
	return read, nil
}

// fewTables are asked for by their names.
const fewTables = 20

func unique(all []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, text := range all {
		if !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	return out
}

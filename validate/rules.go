package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// inStep holds what a statement is about to do against what is there: a
// column that changes in a Distributed table first. Only forward: the derived
// way back is in reverse order, and a type that is another for a moment is
// converted by the server, where a column that is missing is not.
func (w *walk) inStep(s statement) {
	for _, condition := range s.After {
		c, ok := condition.(ops.ColumnIs)
		if !ok || w.backwards() || c.Column.Type == "" {
			continue
		}
		n := w.name(c.Table)
		t := w.schema.tables[n]
		if t == nil || w.schema.tables[t.source] == nil {
			continue
		}
		was, there := t.columns[c.Column.Name]
		local, known := w.schema.tables[t.source].columns[c.Column.Name]
		if there && known && was.Type == local.Type && local.Type != c.Column.Type {
			w.tell(DistributedBeforeLocal, fmt.Sprintf("column %s of %s becomes %s while it is %s in %s, which it reads. "+
				"Change the local table first", c.Column.Name, n, c.Column.Type, local.Type, t.source))
		}
	}
}

// madeRight holds what a statement made against the rules for single tables.
func (w *walk) madeRight(s statement) {
	for _, n := range s.makes {
		t := w.schema.tables[n]
		if t == nil || starts(s.head, "ATTACH") {
			continue
		}
		w.apart(n, t)
		w.plain(s, n, t)
	}
	for _, condition := range s.After {
		switch c := condition.(type) {
		case ops.TableIs:
			if n := w.name(c.Table); slices.Contains(s.makes, n) {
				for _, column := range c.Columns {
					w.determined(n, column, "")
				}
			}
		case ops.ColumnIs:
			rows := ""
			if has(s.tail, "ADD", "COLUMN") {
				rows = "rows that are there already get a value at every read, until a merge on each replica writes one; "
			}
			w.determined(w.name(c.Table), c.Column, rows)
		case ops.ViewIs:
			w.refreshes(w.name(c.Table), c.Create)
		}
	}
}

// apart: no two tables at one path. One keeps its path when it is renamed,
// exchanged or detached.
func (w *walk) apart(n name, t *table) {
	if t.path == "" || strings.Contains(t.path, "{uuid}") {
		return
	}
	taken := map[name]*table{}
	for other, o := range w.schema.detached {
		taken[other] = o
	}
	for other, o := range w.schema.tables {
		taken[other] = o
	}
	var others []string
	for other, o := range taken {
		// The same name on other nodes is one table that reaches further.
		if other.cluster == n.cluster && o.path == t.path && other.String() != n.String() {
			others = append(others, other.String())
		}
	}
	slices.Sort(others)
	for _, other := range others {
		w.tell(ZooKeeperPath, fmt.Sprintf("%s gets the ZooKeeper path %s, which is that of %s: their rows would become one "+
			"table's, or the CREATE fails. A table keeps its path when it is renamed or exchanged: set another PathSuffix", n, t.path, other))
	}
}

// plain: a MergeTree that is not replicated, on nodes that are replicas.
func (w *walk) plain(s statement, n name, t *table) {
	engine := t.engine
	if engine == "MaterializedView" && t.to == (name{}) {
		engine, _ = engineOf(s.tail)
	}
	meant := s.Creates != nil && s.Creates.LocalOnly
	if s.env.SingleNode || meant || !strings.HasSuffix(engine, "MergeTree") ||
		strings.HasPrefix(engine, "Replicated") || strings.HasPrefix(engine, "Shared") {
		return
	}
	w.tell(PlainMergeTree, fmt.Sprintf("%s is a %s, which is not replicated: on a cluster each node would have rows of its own. "+
		"Set Kind to a MergeTree, which becomes Replicated by itself, or LocalOnly if that is meant", n, engine))
}

// determined: the value of a column of a Replicated table is the same on every
// replica. That of an INSERT is worked out once, where it arrives, and even then
// an INSERT that is sent again is another block. All else is done by each replica:
// rows from before the column, CLEAR and MATERIALIZE COLUMN, and a column TTL,
// after which ClickHouse reports "Checksums of parts don't match" (its issue 21827, on 20.10)
// and reads differ from one to the next (61700, on 23.8). ALIAS is never stored.
func (w *walk) determined(n name, column ops.Column, rows string) {
	t := w.schema.tables[n]
	if t == nil || !t.replicated() || column.Expression == "" || column.Kind == ops.Alias {
		return
	}
	call := nondeterministic(w.lexer.tokens(column.Expression))
	if call == "" {
		return
	}
	kind := column.Kind
	if kind == "" {
		kind = ops.Default
	}
	w.tell(NondeterministicDefault, fmt.Sprintf("column %s of %s is %s %s, and %s is not the same on each replica or at each time: "+
		"%swhat a TTL, CLEAR or MATERIALIZE COLUMN makes anew each replica makes for itself, and an INSERT that is sent again "+
		"is no duplicate. Let the INSERT say the value, or work it out from other columns",
		column.Name, n, kind, column.Expression, call, rows))
}

// refreshes: each node refreshes its view by itself, and without APPEND puts a
// new table in the place of the old one.
func (w *walk) refreshes(n name, create string) {
	list := w.lexer.tokens(create)
	at, query := find(list, "REFRESH"), find(list, "AS")
	if query < 0 {
		query = len(list)
	}
	view := w.schema.tables[n]
	if at < 0 || at > query || view == nil || view.to == (name{}) {
		return
	}
	target := w.schema.tables[view.to]
	if target == nil || !target.replicated() || has(list[at:query], "APPEND") {
		return
	}
	w.tell(RefreshWithoutAppend, fmt.Sprintf("%s replaces all of %s, which is replicated, at each refresh, and each replica does "+
		"so by itself. Let it Append, or write to a table with LocalOnly", n, view.to))
}

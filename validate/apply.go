package validate

import (
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// statement is a rendered statement with what the rules ask of it.
type statement struct {
	ops.Statement
	cluster string
	env     ops.Env
	// The text before ON CLUSTER, and behind it.
	head, tail []token
	// makes are the tables that it makes new, moves those that it renames.
	makes []name
	moves map[name]name
	// touched are the tables that it is about.
	touched []name
}

func (w *walk) read(stmt ops.Statement, cluster string, env ops.Env) statement {
	s := statement{
		Statement: stmt, cluster: cluster, env: env, moves: map[name]name{},
		head: w.lexer.tokens(stmt.Head), tail: w.lexer.tokens(stmt.Tail),
	}
	for _, table := range stmt.Writes {
		s.touched = append(s.touched, w.name(table))
	}
	for _, condition := range stmt.After {
		switch c := condition.(type) {
		case ops.TableIs, ops.ViewIs, ops.DictionaryIs:
			w.makes(&s, c.OnTables()[0], false)
		case ops.TableExists:
			w.makes(&s, c.Table, true)
		case ops.TableRenamed:
			s.moves[w.name(c.From)] = w.name(c.To)
		case ops.TablesExchanged:
			s.moves[w.name(c.A)], s.moves[w.name(c.B)] = w.name(c.B), w.name(c.A)
		}
	}
	if stmt.Creates != nil {
		w.makes(&s, stmt.Creates.Table, false)
	}
	return s
}

// makes notes a table that the statement makes, unless it only changes it, or
// leaves what is there as it is.
func (w *walk) makes(s *statement, table ops.Table, tolerant bool) {
	n := w.name(table)
	tolerant = tolerant || has(s.head, "IF", "NOT", "EXISTS")
	if starts(s.head, "ALTER") || slices.Contains(s.makes, n) || tolerant && w.schema.tables[n] != nil {
		return
	}
	s.makes = append(s.makes, n)
}

func (w *walk) name(t ops.Table) name {
	cluster, env := w.at(t.Place)
	if t.Database == "" {
		t.Database = env.Database
	}
	return name{cluster, t.Target, t.Database, t.Name}
}

// meet takes note of tables that a statement works on although nothing has made
// them: they were there before.
func (w *walk) meet(s statement) {
	for _, n := range s.touched {
		made := slices.Contains(s.makes, n)
		for from, to := range s.moves {
			_, leaves := s.moves[n]
			made = made || to == n && !leaves && from != n
		}
		switch {
		case w.schema.tables[n] != nil:
		case made:
			w.survey.made(n, w.turn.key, w.backwards())
		case w.learns:
			w.found()[n] = unknown()
			w.schema.tables[n] = unknown()
		}
	}
}

func (w *walk) found() map[name]*table {
	if w.backwards() {
		return w.survey.behind
	}
	return w.survey.before
}

// apply changes the schema as the statement does.
func (w *walk) apply(s statement) {
	w.meet(s)
	w.move(s)
	for _, n := range s.makes {
		w.make(s, n)
	}
	for _, condition := range s.After {
		w.settleOn(s, condition)
	}
	if len(s.After) == 0 && s.Creates == nil {
		w.blur(s)
	}
}

// move renames all at once: each table gets the name that another may leave.
func (w *walk) move(s statement) {
	moved := map[name]*table{}
	for from, to := range s.moves {
		moved[to] = w.schema.tables[from]
	}
	for from := range s.moves {
		delete(w.schema.tables, from)
	}
	for to, t := range moved {
		if t != nil {
			w.schema.tables[to] = t
		}
	}
}

func (w *walk) make(s statement, n name) {
	if detached := w.schema.detached[n]; detached != nil && starts(s.head, "ATTACH") {
		w.schema.tables[n] = detached
		delete(w.schema.detached, n)
		return
	}
	t := unknown()
	if !starts(s.head, "ATTACH") {
		w.define(s, n, t)
	}
	w.schema.tables[n] = t
}

// define fills in what a CREATE says.
func (w *walk) define(s statement, n name, t *table) {
	if c := s.Creates; c != nil && w.name(c.Table) == n {
		t.engine, t.path = c.Engine, c.Path
	}
	for _, condition := range s.After {
		if c, ok := condition.(ops.TableIs); ok && w.name(c.Table) == n {
			t.engine, t.path, t.open = c.Engine, c.Path, len(c.Columns) == 0
			for _, column := range c.Columns {
				t.set(column)
			}
		}
	}
	stated, args := engineOf(s.tail)
	switch {
	case t.engine == "":
		t.engine = stated
	case strings.HasPrefix(t.engine, "Replicated") && t.path == "" && len(args) > 1:
		t.path = args[0] // of a Raw engine
	}
	if t.engine == "Distributed" && len(args) >= 3 && args[0] == s.env.LocalCluster && args[2] != "" {
		database := args[1]
		if database == "" {
			database = n.database
		}
		t.source = name{n.cluster, ops.Local, database, args[2]}
	}
	switch t.engine {
	case "Buffer", "Merge", "Dictionary":
		t.reads = w.names(s.Reads, n)
	}
	if starts(s.tail, "AS") && t.open && len(s.Reads) > 0 && t.engine != "View" && t.engine != "MaterializedView" {
		w.copy(w.name(s.Reads[0]), t)
	}
	t.path = strings.NewReplacer("{database}", n.database, "{table}", n.table).Replace(t.path)
}

// copy is CREATE TABLE … AS another: its columns, and where the statement names
// no engine all else of it.
func (w *walk) copy(from name, t *table) {
	original := w.schema.tables[w.schema.bind(from)]
	if original == nil {
		return
	}
	if t.engine == "" {
		*t = *original.clone()
	} else if len(t.columns) == 0 {
		c := original.clone()
		t.columns, t.lacks, t.open = c.columns, c.lacks, c.open
	}
}

func (w *walk) names(tables []ops.Table, but ...name) []name {
	var out []name
	for _, table := range tables {
		if n := w.schema.bind(w.name(table)); !slices.Contains(but, n) && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// settleOn applies one condition to tables that are there.
func (w *walk) settleOn(s statement, condition ops.Condition) {
	tables := condition.OnTables()
	if gone, ok := condition.(ops.ObjectGone); ok && gone.Object.Kind == ops.ObjectDatabase {
		maps.DeleteFunc(w.schema.tables, func(n name, _ *table) bool {
			return n.cluster == s.cluster && n.target == s.Place.Target && n.database == gone.Object.Name
		})
	}
	if len(tables) == 0 {
		return
	}
	n := w.name(tables[0])
	t := w.schema.tables[n]
	if t == nil {
		return
	}
	switch c := condition.(type) {
	case ops.ViewIs:
		t.engine = c.Engine
		if c.To.Name != "" {
			t.to = w.schema.bind(w.name(c.To))
		}
		t.reads = w.names(s.Reads, n, t.to)
	case ops.DictionaryIs:
		t.engine, t.reads = "Dictionary", w.names(s.Reads, n)
	case ops.TableGone:
		delete(w.schema.tables, n)
		if starts(s.head, "DETACH") {
			w.schema.detached[n] = t
		}
	case ops.ColumnIs:
		_, there := t.columns[c.Column.Name]
		if found := w.found()[n]; w.learns && found != nil && c.Added && !there && !t.lacks[c.Column.Name] {
			found.lacks[c.Column.Name] = true
		}
		t.set(c.Column)
	case ops.ColumnGone:
		t.unset(c.Name)
	case ops.ColumnRenamed:
		column := t.columns[c.From]
		column.Name = c.To
		t.unset(c.From)
		t.set(column)
	}
}

// blur is what a statement that states nothing does: SQL of the author's own,
// or a function, changes what it says that it writes in any way.
func (w *walk) blur(s statement) {
	redefines := s.Call != nil
	for _, keyword := range []string{"CREATE", "DROP", "RENAME", "EXCHANGE", "ATTACH", "DETACH", "REPLACE", "UNDROP"} {
		redefines = redefines || starts(s.head, keyword)
	}
	columns := starts(s.head, "ALTER") && (has(s.head, "COLUMN") || has(s.tail, "COLUMN"))
	if !redefines && !columns {
		return
	}
	for _, n := range s.touched {
		t := w.schema.tables[n]
		if t == nil {
			w.schema.tables[n] = unknown()
			continue
		}
		t.blur()
		if redefines {
			t.reads, t.to, t.source = nil, name{}, name{}
		}
	}
}

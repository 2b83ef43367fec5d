package validate

import (
	"maps"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// name is a table on the nodes of one target of one cluster.
type name struct {
	cluster         string
	target          ops.Target
	database, table string
}

func (n name) String() string { return n.database + "." + n.table }

// twin is the table of that name on the cluster's other nodes, which often are
// the same: an author who names the place of what a query reads may mean either.
func (n name) twin() name {
	if n.target == ops.Local {
		n.target = ops.Distributed
	} else {
		n.target = ops.Local
	}
	return n
}

// table is what is known of a table at one moment.
type table struct {
	engine string // as system.tables names it; "" when not known
	path   string // in ZooKeeper, {shard} and {replica} unexpanded
	// columns are those that are known, lacks those that it surely has not. An
	// open table may have others.
	columns map[string]ops.Column
	lacks   map[string]bool
	open    bool
	reads   []name // a view, a dictionary: what it goes on reading
	to      name   // a materialized view: what it writes to
	source  name   // a Distributed table: what it reads
}

func unknown() *table {
	return &table{columns: map[string]ops.Column{}, lacks: map[string]bool{}, open: true}
}

func (t *table) clone() *table {
	c := *t
	c.columns, c.lacks = maps.Clone(t.columns), maps.Clone(t.lacks)
	return &c
}

func (t *table) set(column ops.Column) {
	if was, there := t.columns[column.Name]; there && column.Type == "" {
		column.Type = was.Type
	}
	t.columns[column.Name] = column
	delete(t.lacks, column.Name)
}

func (t *table) unset(column string) {
	delete(t.columns, column)
	t.lacks[column] = true
}

// misses says that the table surely has no such column. A Nested column is there
// under its own name or as its parts.
func (t *table) misses(column string) bool {
	if _, there := t.columns[column]; there {
		return false
	}
	for name := range t.columns {
		if strings.HasPrefix(name, column+".") || strings.HasPrefix(column, name+".") {
			return false
		}
	}
	return t.lacks[column] || !t.open
}

// blur says that something unknown was done to the columns.
func (t *table) blur() {
	t.columns, t.lacks, t.open = map[string]ops.Column{}, map[string]bool{}, true
}

func (t *table) replicated() bool { return strings.HasPrefix(t.engine, "Replicated") }

// schema is what is known of all tables at one moment.
type schema struct {
	tables   map[name]*table
	detached map[name]*table
	survey   *survey
	back     bool // on the way back
}

// survey is what a first pass over all migrations learns.
type survey struct {
	// makers are the migrations that first make a table of a name; remade are the
	// tables that ways back make. One that is in neither, nor below, may be there
	// at any time.
	makers map[name]journal.Key
	remade map[name]bool
	// before and behind are tables that migrations use which none had made:
	// before the way forward, and before the way back. They lack the columns that
	// they get later on.
	before, behind map[name]*table
}

func newSurvey() *survey {
	return &survey{
		makers: map[name]journal.Key{}, remade: map[name]bool{},
		before: map[name]*table{}, behind: map[name]*table{},
	}
}

func (s *survey) made(n name, by journal.Key, back bool) {
	if _, known := s.makers[n]; !known && !back {
		s.makers[n] = by
	}
	s.remade[n] = s.remade[n] || back
}

func newSchema(known *survey) *schema {
	s := &schema{tables: map[name]*table{}, detached: map[name]*table{}, survey: known}
	s.settle(known.before)
	return s
}

// turnBack is the end of the way forward.
func (s *schema) turnBack() {
	s.back = true
	s.settle(s.survey.behind)
}

// settle puts tables in that are there without having been made.
func (s *schema) settle(tables map[name]*table) {
	for n, t := range tables {
		if s.tables[n] == nil {
			s.tables[n] = t.clone()
		}
	}
}

// bind decides which table is meant: the one of the name, or else its twin.
func (s *schema) bind(n name) name {
	twin := n.twin()
	if s.tables[n] == nil && !s.known(n) && (s.tables[twin] != nil || s.known(twin)) {
		return twin
	}
	return n
}

// missing says that a table is surely not there: something makes it, and has
// not yet, or it was there and went.
func (s *schema) missing(n name) bool { return s.tables[n] == nil && s.known(n) }

// known says that it can be told whether there is a table of the name. What only
// a way back uses says nothing of the way forward.
func (s *schema) known(n name) bool {
	_, made := s.survey.makers[n]
	return made || s.survey.before[n] != nil || s.back && (s.survey.remade[n] || s.survey.behind[n] != nil)
}

package validate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// link is something that a table needs of another, and that is not there.
type link struct {
	kind   linkKind
	owner  name // the Distributed table, view or dictionary
	needs  name
	column string
}

type linkKind int

const (
	aSource linkKind = iota // a Distributed table's table
	aColumn                 // a Distributed table's column, in its table
	aTarget                 // what a view writes to
	aRead                   // what a view or a dictionary reads
)

func compare(a, b link) int {
	key := func(l link) string {
		return fmt.Sprintf("%d\x00%v\x00%v\x00%s", l.kind, l.owner, l.needs, l.column)
	}
	return strings.Compare(key(a), key(b))
}

func sorted(links map[link]bool) []link { return slices.SortedFunc(maps.Keys(links), compare) }

// links are those that are broken now.
func (w *walk) links() map[link]bool {
	out := map[link]bool{}
	need := func(kind linkKind, owner, needs name) {
		if needs != (name{}) && w.schema.missing(needs) {
			out[link{kind, owner, needs, ""}] = true
		}
	}
	for owner, t := range w.schema.tables {
		need(aSource, owner, t.source)
		need(aTarget, owner, t.to)
		for _, read := range t.reads {
			need(aRead, owner, read)
		}
		source := w.schema.tables[t.source]
		if source == nil {
			continue
		}
		for _, column := range t.columns {
			// An ALIAS is worked out by the Distributed table itself.
			if column.Kind != ops.Alias && source.misses(column.Name) {
				out[link{aColumn, owner, t.source, column.Name}] = true
			}
		}
	}
	return out
}

// linked tells which links the statement broke.
func (w *walk) linked(s statement) {
	was := map[link]bool{}
	for l := range w.broken {
		if to, moved := s.moves[l.owner]; moved {
			l.owner = to
		}
		was[l] = true
	}
	w.broken = w.links()
	for _, l := range sorted(w.broken) {
		if was[l] {
			continue
		}
		owner := slices.Contains(s.touched, l.owner)
		rule, text := w.say(l, owner)
		if rule == "" {
			continue
		}
		if l.kind == aColumn && renamesColumn(s) {
			text = fmt.Sprintf("column %s is renamed in one of %s and %s, which reads it. Rename it in both, "+
				"in one migration, the local table first", l.column, l.needs, l.owner)
		}
		if l.kind == aColumn && renamesColumn(s) && (w.backwards() || !owner) {
			w.renamed[l] = w.problem(rule, text)
			continue
		}
		w.tell(rule, text)
	}
}

func renamesColumn(s statement) bool {
	return slices.ContainsFunc(s.After, func(c ops.Condition) bool { _, ok := c.(ops.ColumnRenamed); return ok })
}

// say names the rule that a broken link breaks; by is whether its owner's own
// statement broke it. A dictionary may be made before what it reads: it loads later.
func (w *walk) say(l link, by bool) (rule, text string) {
	switch {
	case l.kind == aSource && by:
		return DistributedBeforeLocal, fmt.Sprintf("%s reads %s, which is not there%s. Make the local table first",
			l.owner, l.needs, w.maker(l.needs))
	case l.kind == aSource:
		return LocalBeforeDistributed, fmt.Sprintf("%s goes away while the Distributed table %s still reads it. "+
			"Drop or change the Distributed table first", l.needs, l.owner)
	case l.kind == aColumn && by:
		return DistributedBeforeLocal, fmt.Sprintf("column %s of %s is not in %s, which it reads. Change the local table first",
			l.column, l.owner, l.needs)
	case l.kind == aColumn:
		return LocalBeforeDistributed, fmt.Sprintf("%s is left without column %s, which the Distributed table %s still has. "+
			"Change the Distributed table first", l.needs, l.column, l.owner)
	case !by && l.kind == aTarget:
		return DroppedWhileRead, fmt.Sprintf("%s goes away while %s writes to it: inserts into what the view reads would fail. "+
			"Drop the view first, or exchange the tables", l.needs, l.owner)
	case !by:
		return DroppedWhileRead, fmt.Sprintf("%s goes away while %s reads it. Drop or change what reads it first, "+
			"or exchange the tables", l.needs, l.owner)
	case l.kind == aTarget:
		return ViewBeforeTarget, fmt.Sprintf("%s writes to %s, which is not there%s. Make the table first",
			l.owner, l.needs, w.maker(l.needs))
	case w.schema.tables[l.owner].engine == "Dictionary":
		return "", ""
	}
	return ViewBeforeSource, fmt.Sprintf("%s reads %s, which is not there%s. Make the table first",
		l.owner, l.needs, w.maker(l.needs))
}

// maker says who makes a table that is missing on the way forward.
func (w *walk) maker(n name) string {
	key, known := w.survey.makers[n]
	switch {
	case w.direction != journal.Forward || !known:
		return ""
	case key == w.turn.key:
		return " yet: a later operation makes it"
	}
	return fmt.Sprintf(" (%s makes it)", key)
}

package dump

import (
	"strconv"

	"github.com/skein-migrate/skein/ops"
)

// tableClauses follow the list of columns, in the order in which servers write them.
func tableClauses() []string {
	return []string{"ENGINE =", "PARTITION BY", "PRIMARY KEY", "ORDER BY", "SAMPLE BY", "TTL", "SETTINGS", "COMMENT"}
}

// tables are the ways to say a table by a CreateTable, best first. Whether one says
// all of it is not known here.
func (s statement) tables(t ops.Table) []ops.Operation {
	list, rest := s.columns(s.tail)
	clauses := s.clauses(rest, tableClauses()...)
	if _, there := clauses["ENGINE ="]; !there || !clauses[""].empty() {
		return nil
	}
	create := ops.CreateTable{Table: t}
	var ok bool
	if create.Comment, ok = s.comment(clauses); !ok || !s.items(list, &create) {
		return nil
	}
	var candidates []ops.Operation
	for _, engine := range s.engines(clauses) {
		create.Engine = engine
		candidates = append(candidates, create)
	}
	// What stands in SETTINGS may be written as no field of Engine is.
	end := clauses["ENGINE ="].from
	for _, clause := range clauses {
		if !clause.empty() && clause != clauses["COMMENT"] {
			end = max(end, clause.to)
		}
	}
	create.Engine = ops.Engine{Kind: ops.Raw, Text: s.raw(clauses["ENGINE ="].from, end)}
	return append(candidates, create)
}

// items reads columns, indexes, constraints and projections.
func (s statement) items(list span, create *ops.CreateTable) bool {
	var columns []span
	for _, item := range s.list(list) {
		ok := true
		switch {
		case s.at(item.from, "INDEX"):
			ok = s.index(item, create)
		case s.at(item.from, "CONSTRAINT"):
			ok = s.constraint(item, create)
		case s.at(item.from, "PROJECTION"):
			ok = s.projection(item, create)
		default:
			columns = append(columns, item)
		}
		if !ok {
			return false
		}
	}
	var ok bool
	create.Columns, ok = s.columnsOf(columns)
	return ok
}

func (s statement) index(item span, create *ops.CreateTable) bool {
	clauses := s.clauses(span{item.from + 2, item.to}, "TYPE", "GRANULARITY")
	index := ops.Index{Name: s.tokens[item.from+1].value, Expression: s.of(clauses[""]), Type: s.of(clauses["TYPE"])}
	if granularity := s.of(clauses["GRANULARITY"]); granularity != "1" {
		number, err := strconv.Atoi(granularity)
		if err != nil {
			return false
		}
		index.Granularity = number
	}
	create.Indexes = append(create.Indexes, index)
	return true
}

func (s statement) constraint(item span, create *ops.CreateTable) bool {
	if item.to-item.from < 4 {
		return false
	}
	create.Constraints = append(create.Constraints, ops.Constraint{
		Name: s.tokens[item.from+1].value, Assume: s.at(item.from+2, "ASSUME"), Expression: s.raw(item.from+3, item.to),
	})
	return true
}

func (s statement) projection(item span, create *ops.CreateTable) bool {
	if !s.at(item.from+2, "(") || s.match(item.from+2) != item.to-1 {
		return false // of a kind that is newer than ops.Projection
	}
	create.Projections = append(create.Projections, ops.Projection{
		Name: s.tokens[item.from+1].value, Query: s.raw(item.from+3, item.to-1),
	})
	return true
}

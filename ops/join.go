package ops

import (
	"fmt"
	"slices"
	"strings"
)

// Joins says of a statement with which others it may be one ALTER TABLE.
type Joins int

const (
	// JoinsNone is what stands alone.
	JoinsNone Joins = iota
	// JoinsAdding is for what adds columns, indexes, projections and constraints.
	JoinsAdding
	// JoinsDropping is for what drops them. With what adds it would be in its way.
	JoinsDropping
)

// maxJoined bounds the text of a joined statement, in bytes: servers read 256 KiB of a
// query by default (max_query_size).
const maxJoined = 100 << 10

// JoinsWith says that two statements may be one: they alter one table in one way, for
// the same nodes and with the same settings, and are about different things.
func (s Statement) JoinsWith(next Statement) bool {
	return s.Joins != JoinsNone && s.Joins == next.Joins && s.Head == next.Head && s.Place == next.Place &&
		s.Scope == next.Scope && s.Direct == next.Direct && s.Storage == next.Storage && s.Traits == next.Traits &&
		s.IfExists == next.IfExists && slices.Equal(s.Settings, next.Settings) &&
		len(s.Needs) == 0 && len(next.Needs) == 0 &&
		len(s.Head)+len(s.Tail)+len(next.Tail) < maxJoined && !inTheWay(s.After, next.After)
}

// inTheWay says that what comes later would make untrue what came before: it is about
// the same thing, or puts a column where one has just been put.
func inTheWay(before, later []Condition) bool {
	return slices.ContainsFunc(later, func(other Condition) bool {
		subject := other.Subject() // before may be long
		b, both := other.(ColumnIs)
		return slices.ContainsFunc(before, func(one Condition) bool {
			a, column := one.(ColumnIs)
			return one.Subject() == subject ||
				column && both && (a.First && b.First || a.After != "" && a.After == b.After)
		})
	})
}

// Join makes one statement of two, if JoinsWith says that it may. of is how many the
// first has been made of, from 1.
func (s Statement) Join(next Statement, of int) Statement {
	out := s
	out.Tail += ",\n    " + next.Tail
	out.After = slices.Concat(s.After, next.After)
	for _, table := range next.Reads {
		if !slices.Contains(out.Reads, table) {
			out.Reads = append(slices.Clip(out.Reads), table)
		}
	}
	if at := strings.LastIndex(out.Summary, andMore); of > 1 && at > 0 {
		out.Summary = out.Summary[:at]
	}
	out.Summary += fmt.Sprintf("%s%d more", andMore, of)
	return out
}

const andMore = " and "

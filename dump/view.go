package dump

import (
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// view is a view as a CreateView.
func (s statement) view(t ops.Table, reads []ops.Table) []ops.Operation {
	list, rest := s.columns(s.tail)
	clauses := s.clauses(rest, "AS")
	columns, ok := s.columnsOf(s.list(list))
	security, known := s.security(clauses[""])
	if query, there := clauses["AS"]; !there || query.empty() || !ok || !known {
		return nil
	}
	return []ops.Operation{ops.CreateView{
		Table: t, Columns: columns, Query: s.movable(clauses["AS"]), Reads: reads, Security: security,
	}}
}

// materialized is a view that writes into a table of its own. One that keeps its
// rows itself is no CreateMaterializedView.
func (s statement) materialized(t ops.Table, reads []ops.Table) []ops.Operation {
	to := s.find(s.tail.from, s.tail.to, "TO")
	if to+1 >= s.tail.to || s.find(s.tail.from, s.tail.to, "AS") < to {
		return nil
	}
	target := span{to + 1, to + 2}
	if s.at(target.to, ".") && target.to+1 < s.tail.to {
		target.to += 2
	}
	view := ops.CreateMaterializedView{
		Table: t, To: ops.Table{Place: t.Place, Name: s.tokens[target.to-1].value},
	}
	if s.tokens[target.from].value != s.database {
		view.To.Database = s.tokens[target.from].value
	}
	for _, read := range reads {
		if read != view.To {
			view.Reads = append(view.Reads, read)
		}
	}
	list, rest := s.columns(span{target.to, s.tail.to})
	clauses := s.clauses(rest, "AS")
	var ok, known, timed bool
	view.Columns, ok = s.columnsOf(s.list(list))
	view.Security, known = s.security(clauses[""])
	view.Refresh, timed = s.refresh(span{s.tail.from, to}, t)
	if clauses["AS"].empty() || !ok || !known || !timed {
		return nil
	}
	view.Query = s.movable(clauses["AS"])
	return []ops.Operation{view}
}

// security reads DEFINER = name SQL SECURITY DEFINER.
func (s statement) security(is span) (*ops.ViewSecurity, bool) {
	if is.empty() {
		return nil, true
	}
	security := &ops.ViewSecurity{Kind: ops.SecurityKind(s.tokens[is.to-1].value)}
	if s.at(is.from, "DEFINER", "=") && is.to > is.from+2 {
		security.Definer = s.tokens[is.from+2].value
	}
	return security, s.find(is.from, is.to, "SQL", "SECURITY") < is.to
}

// refresh reads REFRESH with all that may follow it.
func (s statement) refresh(is span, t ops.Table) (*ops.Refresh, bool) {
	if is.empty() {
		return nil, true
	}
	clauses := s.clauses(is, "REFRESH", "EVERY", "OFFSET", "AFTER", "RANDOMIZE FOR", "DEPENDS ON", "SETTINGS", "APPEND")
	r := &ops.Refresh{
		Every: s.of(clauses["EVERY"]), Offset: s.of(clauses["OFFSET"]), After: s.of(clauses["AFTER"]),
		Randomize: s.of(clauses["RANDOMIZE FOR"]), Settings: s.settings(clauses["SETTINGS"]),
	}
	_, r.Append = clauses["APPEND"]
	for _, on := range s.list(clauses["DEPENDS ON"]) {
		table := ops.Table{Place: t.Place, Name: s.tokens[on.to-1].value}
		if database := s.tokens[on.from].value; on.to > on.from+1 && database != s.database {
			table.Database = database
		}
		r.DependsOn = append(r.DependsOn, table)
	}
	return r, true
}

// references are the names that a statement gives to other tables of its database:
// database.name anywhere, and 'name' or 'database.name' as engines, dictionaries
// and functions such as dictGet are given them. QUERY of a dictionary is looked into.
func (s statement) references(known map[string]bool) (certain, possible map[string]bool) {
	certain, possible = map[string]bool{}, map[string]bool{}
	add := func(to map[string]bool, name string) {
		if known[name] && name != s.tokens[s.name.to-1].value {
			to[name] = true
		}
	}
	for i := s.tail.from; i < s.tail.to; i++ {
		switch tok := s.tokens[i]; {
		case s.qualifies(i):
			add(certain, s.tokens[i+2].value)
		case tok.kind == literal && i > 0 && strings.EqualFold(s.tokens[i-1].value, "TABLE"):
			add(certain, tok.value)
		case tok.kind == literal && i > 0 && strings.EqualFold(s.tokens[i-1].value, "QUERY"):
			query := statement{text: lex(tok.value), database: s.database}
			for j := range query.tokens {
				if query.qualifies(j) {
					add(certain, query.tokens[j+2].value)
				}
			}
		case tok.kind == literal:
			add(possible, strings.TrimPrefix(tok.value, s.database+"."))
		}
	}
	return certain, possible
}

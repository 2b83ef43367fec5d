package ops

import (
	"slices"
	"strings"
)

// reading is what the words at the beginning of a statement say: enough to know
// which table it is about, and which nodes it is for. It is read from the words,
// and nothing is guessed from the rest: what is not known here, the author says.
type reading struct {
	verb   string    // CREATE TABLE, ALTER TABLE, INSERT INTO…; "" where it is none of these
	names  [][]piece // of tables: a name, or a database and a name
	scope  RunScope  // that the statement has by itself; "" where the author has to say
	traits Traits
	// onCluster: ON CLUSTER is written out in the text, with this name.
	onCluster bool
	cluster   string
	engine    words // what stands behind ENGINE =
}

// words are the pieces that mean something.
type words []piece

func (w words) starts(text string) bool {
	for i := 0; ; i++ {
		word, rest, more := strings.Cut(text, " ")
		if i >= len(w) || !w[i].is(word) {
			return false
		}
		if !more {
			return true
		}
		text = rest
	}
}

// skip leaves out each of the texts that the words begin with, in turn.
func (w words) skip(texts ...string) words {
	for _, text := range texts {
		if w.starts(text) {
			w = w[strings.Count(text, " ")+1:]
		}
	}
	return w
}

// name takes a table's name, with or without a database.
func (w words) name() (name []piece, rest words) {
	part := func(p piece) bool {
		return p.kind == pieceWord || p.kind == pieceName ||
			p.kind == piecePlaceholder && (p.mark.name == markDatabase || p.mark.name == markEnv) && !p.mark.escaped
	}
	if len(w) == 0 || !part(w[0]) {
		return nil, w
	}
	if len(w) > 2 && w[1].text == "." && part(w[2]) {
		return []piece{w[0], w[2]}, w[3:]
	}
	if w[0].kind == piecePlaceholder && w[0].mark.name == markDatabase {
		return nil, w
	}
	return w[:1], w[1:]
}

// read reads a statement.
func read(w words) reading {
	var r reading
	r.cluster, r.onCluster = saysOnCluster(w)
	switch {
	case w.starts("CREATE"), w.starts("ATTACH"), w.starts("DETACH"), w.starts("DROP"), w.starts("UNDROP"), w.starts("REPLACE"):
		r.object(w)
	case w.starts("RENAME"), w.starts("EXCHANGE"):
		r.move(w)
	case w.starts("ALTER TABLE"):
		r.alter(w[2:])
	case w.starts("TRUNCATE DATABASE"), w.starts("TRUNCATE ALL"), w.starts("TRUNCATE TABLES"):
		r.scope, r.traits = RunEveryNode, Traits{DropsData: true, Repeatable: true}
	case w.starts("TRUNCATE"):
		r.about("TRUNCATE TABLE", w[1:].skip("TABLE", "IF EXISTS"))
		r.scope, r.traits = RunOnePerReplicaSet, Traits{DropsData: true, Repeatable: true}
	case w.starts("OPTIMIZE TABLE"):
		r.about("OPTIMIZE TABLE", w[2:])
		r.scope, r.traits = RunOnePerReplicaSet, Traits{RewritesData: true, Repeatable: true}
	case w.starts("DELETE FROM"):
		r.about("DELETE FROM", w[2:])
		r.scope, r.traits = RunOnePerReplicaSet, Traits{Mutation: true, DropsData: true}
	case w.starts("INSERT INTO"):
		if rest := w[2:].skip("TABLE"); !rest.starts("FUNCTION") {
			r.about("INSERT INTO", rest)
		}
		r.traits = Traits{AddsData: true}
	case slices.ContainsFunc([]string{"ALTER", "GRANT", "REVOKE", "SYSTEM", "SET", "UNFREEZE"}, w.starts):
		r.scope = RunEveryNode
	}
	return r
}

func significant(pieces []piece) words {
	return significantInto(make(words, 0, len(pieces)*2/3+1), pieces)
}

func significantInto(w words, pieces []piece) words {
	for _, p := range pieces {
		if p.significant() {
			w = append(w, p)
		}
	}
	return w
}

// significantIn is significant of a text that nobody needs the rest of.
func significantIn(sql string) words {
	w := make(words, 0, len(sql)/6+4)
	for p := range lex(sql) {
		if p.significant() {
			w = append(w, p)
		}
	}
	return w
}

func (r *reading) about(verb string, w words) words {
	name, rest := w.name()
	r.verb = verb
	if name != nil {
		r.names = append(r.names, name)
	}
	return rest
}

// object reads CREATE, DROP and what is alike.
func (r *reading) object(w words) {
	verb := strings.ToUpper(w[0].text)
	r.scope = RunEveryNode
	made := verb == "CREATE" || verb == "ATTACH" || verb == "REPLACE"
	replaces := w.starts("CREATE OR REPLACE") || verb == "REPLACE"
	w = w[1:].skip("OR REPLACE")
	r.traits.Blocks = verb == "DETACH"
	r.traits.DropsData = verb == "DROP" && (w.starts("TABLE") || w.starts("DATABASE")) || verb == "CREATE" && replaces && w.starts("TABLE")
	for _, kind := range []string{"TABLE", "MATERIALIZED VIEW", "VIEW", "DICTIONARY"} {
		if !w.starts(kind) {
			continue
		}
		w = w.skip(kind)
		r.traits.Repeatable = replaces && verb == "CREATE" || verb != "DETACH" && (w.starts("IF NOT EXISTS") || w.starts("IF EXISTS"))
		rest := r.about(verb+" "+kind, w.skip("IF NOT EXISTS", "IF EXISTS", "IF EMPTY"))
		if made {
			r.findEngine(rest)
		}
		return
	}
	tail := w[min(1, len(w)):] // DATABASE, USER, FUNCTION…
	r.traits.Repeatable = replaces || tail.starts("IF NOT EXISTS") || tail.starts("IF EXISTS")
}

// move reads RENAME TABLE a TO b, c TO d and EXCHANGE TABLES a AND b.
func (r *reading) move(w words) {
	r.scope = RunEveryNode
	verb := strings.ToUpper(w[0].text)
	w = w[1:].skip("TABLES", "TABLE", "DICTIONARIES", "DICTIONARY", "IF EXISTS")
	for len(w) > 0 {
		w = r.about(verb, w)
		if !w.starts("TO") && !w.starts("AND") && (len(w) == 0 || w[0].text != ",") {
			return
		}
		w = w[1:]
	}
}

// alter reads what stands behind ALTER TABLE.
func (r *reading) alter(w words) {
	w = r.about("ALTER TABLE", w.skip("IF EXISTS"))
	if len(w) > 0 && w[0].kind == piecePlaceholder && w[0].mark.name == markOnCluster {
		w = w[1:]
	}
	if w.starts("ON CLUSTER") {
		w = w[min(3, len(w)):]
	}
	r.scope = RunOnePerReplicaSet
	switch {
	case w.starts("UPDATE"), w.starts("MATERIALIZE"):
		r.traits = Traits{Mutation: true, RewritesData: true}
	case w.starts("DELETE"):
		r.traits = Traits{Mutation: true, RewritesData: true, DropsData: true}
	case w.starts("DROP"), w.starts("CLEAR COLUMN"), w.starts("REPLACE PARTITION"):
		r.traits.DropsData = slices.ContainsFunc([]string{"DROP COLUMN", "DROP PART", "DROP PARTITION", "CLEAR COLUMN", "REPLACE PARTITION"}, w.starts)
	case slices.ContainsFunc([]string{
		// What servers do not replicate.
		"MODIFY SETTING", "RESET SETTING", "MODIFY COMMENT", "MODIFY QUERY", "FREEZE", "UNFREEZE", "MOVE",
	}, w.starts):
		r.scope = RunEveryNode
	}
	r.traits.Repeatable = r.traits.Repeatable || repeatable(w)
}

// repeatable says that an ALTER is one command that looks first.
func repeatable(w words) bool {
	depth, looks := 0, false
	for i, p := range w {
		switch {
		case p.text == "(":
			depth++
		case p.text == ")":
			depth--
		case p.text == "," && depth == 0:
			return false
		}
		looks = looks || i == 2 && (w.starts("ADD") && w[2:].starts("IF NOT EXISTS") || w.starts("DROP") && w[2:].starts("IF EXISTS"))
	}
	return looks
}

// findEngine notes what stands behind ENGINE =, before the query of a view.
func (r *reading) findEngine(w words) {
	depth := 0
	for i, p := range w {
		switch {
		case p.text == "(":
			depth++
		case p.text == ")":
			depth--
		case depth == 0 && p.is("ENGINE"):
			if i++; i < len(w) && w[i].text == "=" {
				i++
			}
			r.engine = w[min(i, len(w)):]
			return
		}
	}
}

// saysOnCluster finds ON CLUSTER with a name behind it, and not the condition of a
// JOIN on something called cluster.
func saysOnCluster(w words) (cluster string, says bool) {
	operators := []string{"IN", "NOT", "LIKE", "ILIKE", "IS", "BETWEEN", "AND", "OR", "GLOBAL"}
	for i := range w {
		if !w[i:].starts("ON CLUSTER") || i+2 >= len(w) {
			continue
		}
		name := w[i+2]
		switch name.kind {
		case pieceName, pieceLiteral, piecePlaceholder:
			return bare(name), true
		case pieceWord:
			if !slices.ContainsFunc(operators, name.is) {
				return name.text, true
			}
		}
	}
	return "", false
}

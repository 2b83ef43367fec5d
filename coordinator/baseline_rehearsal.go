package coordinator

import (
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// rehearsal is what of migrations can be tried in an empty database: tables of
// engines that keep their rows themselves, and what is done to them. All else might
// reach what is really there: a materialized view would begin to take rows, a Kafka
// table to read, a Replicated one to be a replica.
type rehearsal struct {
	database string // the empty one
	steps    []plan.Step
	made     map[string]bool // tables that the steps make, by "database.table"
	// opaque are tables of which it is not known how the migrations leave them.
	opaque map[string]bool
}

// harmless are engines of tables that reach nothing outside of themselves.
func harmless(engine string) bool {
	plain := []string{"Log", "TinyLog", "StripeLog", "Memory", "Null", "Set", "Join"}
	return slices.Contains(plain, engine) || strings.HasSuffix(engine, "MergeTree") &&
		!strings.HasPrefix(engine, "Replicated") && !strings.HasPrefix(engine, "Shared")
}

// add takes a step of an operation into the rehearsal, or notes what is not known
// without it.
func (r *rehearsal) add(operation ops.Operation, step plan.Step) {
	words := bareWords(step.Text)
	tables := slices.Concat(step.Statement.Writes, step.Statement.Reads)
	inside := len(tables) > 0 && namesAll(operation) && step.Statement.Call == nil &&
		len(ops.SecretsIn(step.Text)) == 0 && !strings.Contains(step.Text, "$") && // a heredoc may hide anything
		!hasRow(words, "ON", "CLUSTER") &&
		!slices.ContainsFunc(tables, func(t ops.Table) bool { return t.Database != r.database })
	known := !slices.ContainsFunc(step.Statement.Writes, func(t ops.Table) bool { return !r.made[t.String()] })
	switch verb := verbOf(words); {
	case verb == "CREATE TABLE" && inside && r.creates(step, words):
		r.made[step.Statement.Creates.Table.String()] = true
		delete(r.opaque, step.Statement.Creates.Table.String())
	case verb == "ALTER TABLE" && copies(words): // of rows alone
		return
	case verb == "ALTER TABLE" && inside && known && len(step.Statement.Writes) == 1:
	case verb == "DROP TABLE" && inside && known && len(step.Statement.Writes) == 1 && !slices.Contains(words, ","):
		delete(r.made, step.Statement.Writes[0].String())
	case verb == "EXCHANGE" && inside && known && len(step.Statement.Writes) == 2:
	case verb == "RENAME" && inside && len(step.Statement.Writes) == 2 && r.made[step.Statement.Writes[0].String()] && !r.made[step.Statement.Writes[1].String()]:
		delete(r.made, step.Statement.Writes[0].String())
		r.made[step.Statement.Writes[1].String()] = true
	case verb == "":
		return // INSERT, OPTIMIZE, SYSTEM: no definition changes
	default:
		for _, table := range step.Statement.Writes {
			r.opaque[table.String()] = true
			delete(r.made, table.String())
		}
		return
	}
	r.steps = append(r.steps, step)
}

// creates says that a CREATE TABLE makes an empty table of its own.
func (r *rehearsal) creates(step plan.Step, words []string) bool {
	created := step.Statement.Creates
	query := slices.Contains(words, "CLONE")
	for _, begins := range []string{"SELECT", "WITH", "FROM", "("} {
		query = query || hasRow(words, "AS", begins)
	}
	for i, word := range words { // AS remote(…) asks another server
		query = query || word == "AS" && i+2 < len(words) && words[i+2] == "("
	}
	return created != nil && created.Table.Database == r.database && harmless(created.Engine) && !query
}

// namesAll says that an operation names all tables that its statements touch:
// of RunSQL the author says it.
func namesAll(operation ops.Operation) bool {
	switch o := operation.(type) {
	case ops.RunSQL, ops.RunGo:
		return false
	case ops.When:
		return !slices.ContainsFunc(slices.Concat(o.Then, o.Else), func(o ops.Operation) bool { return !namesAll(o) })
	}
	return true
}

// copies says that an ALTER is about parts, which may be those of another table.
func copies(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"ATTACH", "REPLACE", "FETCH", "MOVE", "FREEZE", "UNFREEZE", "EXPORT"}, w)
	})
}

func verbOf(words []string) string {
	for _, verb := range []string{"CREATE TABLE", "ALTER TABLE", "DROP TABLE", "RENAME", "EXCHANGE"} {
		list := strings.Fields(verb)
		if len(words) >= len(list) && slices.Equal(words[:len(list)], list) {
			return verb
		}
	}
	if len(words) > 0 && slices.Contains([]string{"CREATE", "DROP", "ATTACH", "DETACH", "ALTER", "REPLACE", "UNDROP"}, words[0]) {
		return words[0]
	}
	return ""
}

func hasRow(words []string, first, second string) bool {
	for i := range words {
		if words[i] == first && i+1 < len(words) && words[i+1] == second {
			return true
		}
	}
	return false
}

// bareWords are the words of a statement outside of quotes and comments, in upper
// case, with its brackets and commas. A quoted name is an empty word.
func bareWords(text string) []string {
	var words []string
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'' || c == '`' || c == '"':
			i = closingQuote(text, i)
			words = append(words, "")
		case strings.HasPrefix(text[i:], "--"), c == '#':
			i += max(strings.IndexByte(text[i:]+"\n", '\n'), 1)
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return words
			}
			i += end + 3
		case c == '(' || c == ')' || c == ',' || c == ';':
			words = append(words, string(c))
		case isWord(c):
			from := i
			for i+1 < len(text) && isWord(text[i+1]) {
				i++
			}
			words = append(words, strings.ToUpper(text[from:i+1]))
		}
	}
	return words
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func closingQuote(text string, open int) int {
	for i := open + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[open]:
			return i
		}
	}
	return len(text)
}

package ops

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// RunBlock runs one statement of a SQL file as it is written there. It is RunSQL
// with more placeholders, and reads from the first words of the statement which
// table it is about and what it does to rows.
//
//	ops.RunBlock{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local},
//		SQL: "CREATE TABLE {db}.events_local {on_cluster} (id UInt64)\n" +
//			"ENGINE = {replicated:ReplacingMergeTree(id)} ORDER BY id",
//	}
//
// The placeholders are those of docs/sql-files.md: {db}, {on_cluster}, {cluster},
// {replicated:Engine args}, {env:NAME}, {secret:NAME}. Comments have none. SQL
// without {on_cluster} is sent to its nodes directly. It has no conditions, it is
// known to be done by the state row alone; and it has no inverse.
type RunBlock struct {
	Place `yaml:",inline"`
	SQL   string `json:"sql,omitempty" yaml:"sql,omitempty"`
	// Scope may be left out for CREATE, DROP, ALTER and what is alike: every node,
	// or for what replicas do for each other one of each replica set.
	Scope RunScope `json:"scope,omitempty" yaml:"scope,omitempty"`
	// Timeout is how long a server may take, such as "10m"; whole seconds. What it
	// is by default, the cluster's limits say.
	Timeout string `json:"timeout,omitempty" yaml:"timeout,omitempty"`
}

// At is the place of the operation.
func (o RunBlock) At() Place { return o.Place }

func (o RunBlock) describe() string { return o.summary() }

func (o RunBlock) summary() string {
	return summaryOf(func(yield func(piece) bool) {
		for p := range lex(o.SQL) {
			if !yield(p) {
				return
			}
		}
	})
}

func summaryOf(pieces iter.Seq[piece]) string {
	const enough = 400 // of a text of which 60 characters are shown
	text := strings.Builder{}
	for p := range pieces {
		switch p.kind {
		case pieceComment:
		case pieceSpace:
			text.WriteByte(' ')
		default:
			text.WriteString(p.text)
		}
		if text.Len() > enough {
			break
		}
	}
	short := strings.ReplaceAll(strings.Join(strings.Fields(text.String()), " "), "{db}.", "")
	return excerpt(strings.ReplaceAll(short, onClusterMark+" ", ""))
}

// identity is without comments and white space, and without Timeout: to wait
// longer is not to do something else.
func (o RunBlock) identity() Operation {
	o.SQL, o.Timeout = withoutComments(o.SQL), ""
	return o
}

// Tables implements Operation. They are those that the first words name.
func (o RunBlock) Tables() []Table {
	return o.tables(read(significantIn(o.SQL)), "")
}

func (o RunBlock) tables(r reading, database string) []Table {
	var tables []Table
	for _, name := range r.names {
		t := Table{Place: o.Place, Database: database}
		known := true
		for i, p := range name {
			switch {
			case p.kind == piecePlaceholder && p.mark.name == markDatabase: // the one that it is by itself
			case p.kind == piecePlaceholder:
				known = false
			case i == len(name)-1:
				t.Name = bare(p)
			default:
				t.Database = bare(p)
			}
		}
		if known && t.Name != "" {
			tables = append(tables, t)
		}
	}
	return tables
}

// bare is a word, a name or a literal without its quotes.
func bare(p piece) string {
	if p.kind != pieceName && p.kind != pieceLiteral {
		return p.text
	}
	quote := p.text[:1]
	inside := strings.TrimSuffix(p.text[1:], quote)
	return strings.NewReplacer(`\\`, `\`, `\`+quote, quote, quote+quote, quote).Replace(inside)
}

// Check implements Operation.
func (o RunBlock) Check() error {
	if err := o.Place.check(); err != nil {
		return refuse(o, err)
	}
	var errs []error
	for _, problem := range o.Problems() {
		errs = append(errs, problem)
	}
	return refuse(o, errors.Join(errs...))
}

// Inverse implements Inverter: an *IrreversibleError.
func (o RunBlock) Inverse() (Operation, error) {
	return nil, &IrreversibleError{Operation: Describe(o), Why: "write the statement that takes it back"}
}

// Problems are all that is wrong with it, each with its place in SQL. Its Place
// is not looked at.
func (o RunBlock) Problems() []*BlockError {
	room := scratches.Get().(*scratch)
	defer scratches.Put(room)
	pieces, problems := scanInto(room.pieces[:0], o.SQL)
	room.pieces = pieces
	switch {
	case len(problems) > 0:
		return problems // where a quote is open, nothing behind it is what it seems
	case !slices.ContainsFunc(pieces, piece.significant):
		return []*BlockError{{Text: "no SQL: write one statement"}}
	}
	bad := func(at int, format string, args ...any) {
		problems = append(problems, &BlockError{At: at, Text: fmt.Sprintf(format, args...)})
	}
	list := significantInto(room.words[:0], pieces)
	room.words = list
	if at := behindRows(list); at >= 0 {
		bad(at, twoStatements, "a block")
	}
	r := read(list)
	seen := map[string]bool{}
	placeholders(pieces, func(at int, _ string, mark *placeholder, in surroundings) {
		if mark == nil {
			return
		}
		wrong := mark.wrong(in)
		single := !mark.escaped && (mark.name == markOnCluster || mark.name == markReplicated)
		switch {
		case wrong != "":
			bad(at, "%s", wrong)
		case single && seen[mark.name]:
			bad(at, "%s is there twice: leave it once", mark.text)
		case single && mark.name == markReplicated && !o.replicates(r, at):
			bad(at, "%s stands behind ENGINE = of CREATE TABLE with the table's name, which is in its path in ZooKeeper", mark.text)
		case single && mark.name == markOnCluster && r.onCluster:
			bad(at, "the statement says ON CLUSTER itself: leave that or %s out", mark.text)
		}
		seen[mark.name] = seen[mark.name] || single
	})
	for _, p := range pieces {
		if p.kind == pieceComment && len(SecretsIn(p.text)) > 0 {
			bad(p.at(), "a comment names a secret, whose value would be sent in it: take it out")
		}
	}
	if wrong := o.wrongScope(r, seen[markOnCluster]); wrong != "" {
		bad(0, "%s", wrong)
	}
	if _, err := o.timeout(); err != nil {
		bad(0, "%v", err)
	}
	return problems
}

// replicates says that a {replicated:…} stands where an engine does.
func (o RunBlock) replicates(r reading, at int) bool {
	return len(r.names) > 0 && len(r.engine) > 0 && r.engine[0].at() == at
}

func (o RunBlock) wrongScope(r reading, marked bool) string {
	const scopes = "every-node, one-per-replica-set or one-node"
	switch o.Scope {
	case RunEveryNode, RunOnePerReplicaSet:
		if r.onCluster {
			return "the statement says ON CLUSTER itself, so that it is sent to one node: leave the scope out, or write {on_cluster}"
		}
	case RunOneNode:
		if marked {
			return "scope one-node and {on_cluster} are two things: leave one out"
		}
	case "":
		switch {
		case r.onCluster:
		case r.scope == "":
			return "how many nodes this statement is for cannot be known from it: set the scope to " + scopes
		case r.scope == RunOnePerReplicaSet && len(r.names) == 0:
			return "the table cannot be read from the statement: begin it with " + r.verb + " and the table's name, or set the scope to " + scopes
		}
	default:
		return fmt.Sprintf("unknown scope %q: set %s", strings.ReplaceAll(string(o.Scope), "_", "-"), scopes)
	}
	return ""
}

// where is the scope, said or read.
func (o RunBlock) where(r reading) RunScope {
	switch {
	case o.Scope != "":
		return o.Scope
	case r.onCluster:
		return RunOneNode
	}
	return r.scope
}

func (o RunBlock) timeout() (time.Duration, error) {
	if o.Timeout == "" {
		return 0, nil
	}
	return ParseTimeout(o.Timeout)
}

// ParseTimeout reads the Timeout of an operation: whole seconds, at least one.
func ParseTimeout(text string) (time.Duration, error) {
	limit, err := time.ParseDuration(text)
	if err != nil || limit < time.Second || limit%time.Second != 0 {
		return 0, fmt.Errorf("timeout %q: write whole seconds, minutes or hours, such as 30s, 10m or 2h", text)
	}
	return limit, nil
}

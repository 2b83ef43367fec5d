package ops

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Statements implements Operation.
func (o RunBlock) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	limit, err := o.timeout()
	if err != nil {
		return nil, err
	}
	pieces, _ := scan(strings.TrimSpace(o.SQL))
	summary := summaryOf(slices.Values(pieces))
	if err := fillPieces(pieces, env); err != nil {
		return nil, err
	}
	r := read(significant(pieces))
	stmt := Statement{
		Place:   o.Place,
		Writes:  o.tables(r, env.Database),
		Scope:   RunSQL{Scope: o.where(r)}.scope(),
		Traits:  r.traits,
		Summary: summary,
	}
	made, err := o.created(r, stmt.Writes, env)
	if err != nil {
		return nil, err
	}
	stmt.Creates = made.facts
	marked := false
	stmt.Head, stmt.Tail, marked = split(pieces, made.sql)
	stmt.Direct = !marked
	stmt.Settings = o.settings(r, env, limit)
	return []Statement{stmt}, nil
}

// settings are those of a timeout, and, as for Update and LightweightDelete, what
// makes a server leave a mutation to await.
func (o RunBlock) settings(r reading, env Env, limit time.Duration) []Setting {
	var settings []Setting
	if r.traits.Mutation {
		settings = append(settings, Setting{"alter_update_mode", "heavy"})
		if r.verb == "DELETE FROM" {
			settings = append(settings, Setting{"lightweight_delete_mode", "alter_update"}, Setting{"lightweight_deletes_sync", "0"})
		}
	}
	if limit > 0 {
		seconds := strconv.Itoa(int(limit / time.Second))
		for _, name := range []string{
			"max_execution_time", "distributed_ddl_task_timeout",
			"replication_alter_columns_timeout", "replication_wait_for_inactive_replica_timeout",
		} {
			settings = append(settings, Setting{name, seconds})
		}
	}
	return pinned(env, settings...)
}

// fillPieces fills what needs no more than env. {on_cluster} and {replicated:…}
// stay as they are.
func fillPieces(pieces []piece, env Env) error {
	var errs []error
	for i, p := range pieces {
		if p.kind == piecePlaceholder && (p.mark.name == markOnCluster || p.mark.name == markReplicated) {
			continue
		}
		if strings.IndexByte(p.text, '{') < 0 {
			continue // as most
		}
		var b strings.Builder
		placeholders([]piece{p}, func(_ int, text string, mark *placeholder, in surroundings) {
			if mark != nil {
				var err error
				if text, err = mark.fill(in, env); err != nil {
					errs = append(errs, err)
				}
			}
			b.WriteString(text)
		})
		pieces[i].text = b.String()
		if p.kind == piecePlaceholder {
			pieces[i].kind = filledKind(pieces[i].text)
		}
	}
	return errors.Join(errs...)
}

// filledKind is what a filled placeholder is to the reader of a statement. The
// {word} that {{word}} stands for is no placeholder any more.
func filledKind(text string) pieceKind {
	if pieces, _ := scan(text); len(pieces) == 1 && pieces[0].kind != piecePlaceholder {
		return pieces[0].kind
	}
	return pieceOther
}

// fill is what a placeholder stands for where it stands: in quotes it is a part
// of the quoted text, and outside a text of its own.
func (p placeholder) fill(in surroundings, env Env) (string, error) {
	quoted := func(text string) string {
		if in.kind == pieceHeredoc {
			return text
		}
		return escape(text, in.quote)
	}
	outside := in.kind == pieceOther
	switch {
	case p.escaped:
		return p.text[1 : len(p.text)-1], nil
	case p.name == markDatabase && outside:
		return Ident(env.Database), nil
	case p.name == markDatabase:
		return quoted(env.Database), nil
	case p.name == markCluster && env.LocalCluster == "":
		return "", errors.New("{cluster} has nothing to stand for on a single node: write {on_cluster}, " +
			"or target=distributed, which a single node skips")
	case p.name == markCluster && outside:
		return String(env.LocalCluster), nil
	case p.name == markCluster:
		return quoted(env.LocalCluster), nil
	case p.name == markEnv:
		value, set := env.Variables[p.value]
		switch {
		case !set:
			return "", fmt.Errorf("%s: the environment variable is not set", p.text)
		case outside:
			return value, nil
		}
		return quoted(value), nil
	}
	return p.text, nil // the server's, or a secret
}

// made is what a CREATE TABLE makes, and the text of its {replicated:…}.
type made struct {
	facts *Created
	sql   string
}

// created says what table a statement makes, if it makes it on every node: a later
// statement of the same plan has to know its replica sets.
func (o RunBlock) created(r reading, tables []Table, env Env) (made, error) {
	if len(r.engine) == 0 || len(tables) == 0 {
		return made{}, nil
	}
	var m made
	facts := Created{Table: tables[0]}
	switch first := r.engine[0]; {
	case first.kind == piecePlaceholder && first.mark.name == markReplicated:
		engine, sql, err := first.mark.replicated(tables[0], env)
		if err != nil {
			return made{}, err
		}
		m.sql = sql
		facts.Engine, facts.Path, facts.Replica = engine.name, engine.path, engine.replica
	case first.kind != pieceWord:
		return made{}, nil
	case strings.HasPrefix(first.text, "Replicated"):
		facts.Engine = first.text
		// What a server takes where the arguments are left out.
		facts.Path, facts.Replica = "/clickhouse/tables/{uuid}/{shard}", "{replica}"
		if w := r.engine; len(w) > 4 && w[1].text == "(" && w[2].kind == pieceLiteral && w[3].text == "," && w[4].kind == pieceLiteral {
			facts.Path, facts.Replica = bare(w[2]), bare(w[4])
		}
	default:
		facts.Engine = first.text
	}
	everywhere := o.where(r) == RunEveryNode || r.onCluster && (r.cluster == env.LocalCluster || r.cluster == env.DistCluster)
	if r.verb == "CREATE TABLE" && everywhere {
		m.facts = &facts
	}
	return m, nil
}

// replicated renders {replicated:Engine args} for a table.
func (p placeholder) replicated(t Table, env Env) (resolved, string, error) {
	engine, args, err := p.engine()
	if err != nil {
		return resolved{}, "", err
	}
	r := resolved{name: string(engine.Kind)}
	var list []string
	if !env.SingleNode {
		if r.path, err = engine.path(t, env); err != nil {
			return r, "", err
		}
		r.name, r.replica = "Replicated"+r.name, engine.replica(env)
		list = append(list, String(r.path), String(r.replica))
	}
	if args != "" {
		list = append(list, args)
	}
	if len(list) == 0 {
		return r, r.name, nil
	}
	return r, r.name + "(" + strings.Join(list, ", ") + ")", nil
}

// split joins filled pieces and divides them at {on_cluster}.
func split(pieces []piece, engine string) (head, tail string, marked bool) {
	var b strings.Builder
	for i, p := range pieces {
		switch {
		case p.kind != piecePlaceholder:
			b.WriteString(p.text)
		case p.mark.name == markReplicated:
			b.WriteString(engine)
		default:
			head, marked = strings.TrimRight(b.String(), " \t"), true
			if i > 0 && !endsInLine(pieces[:i]) {
				head = strings.TrimSpace(head)
			}
			b.Reset()
		}
	}
	if !marked {
		return b.String(), "", false
	}
	return head, strings.TrimSpace(b.String()), true
}

// endsInLine says that pieces end in a comment which the end of its line ends: what
// follows must not be drawn into it.
func endsInLine(pieces []piece) bool {
	for i := len(pieces) - 1; i >= 0; i-- {
		if pieces[i].kind != pieceSpace {
			return pieces[i].kind == pieceComment && !strings.HasPrefix(pieces[i].text, "/*")
		}
	}
	return false
}

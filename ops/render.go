package ops

import (
	"strings"

	"github.com/skein-migrate/skein/storageset"
)

// LocalTable names a table on the nodes that store a storage set's data:
//
//	ops.AddColumn{Table: ops.LocalTable("events", "events_local"), …}
func LocalTable(set storageset.Key, name string) Table {
	return Table{Place: Place{StorageSet: set, Target: Local}, Name: name}
}

// DistributedTable names a table on the query nodes of a storage set.
func DistributedTable(set storageset.Key, name string) Table {
	return Table{Place: Place{StorageSet: set, Target: Distributed}, Name: name}
}

// skips says that nodes have nothing to do for a place: a single node has no
// Distributed tables.
func (e Env) skips(p Place) bool { return e.SingleNode && p.Target == Distributed }

// need refuses to render what the nodes lack. It takes each operation as the type that
// it is: to make an Operation of it would be a copy for nothing where nothing is lacking.
func need[O Operation](env Env, op O, feature Feature, wanted bool) error {
	if wanted && !env.Features[feature] {
		return &UnsupportedError{Operation: Describe(op), Feature: feature}
	}
	return nil
}

// alter renders ALTER TABLE with one command, or several that are one change.
// Tables that replicate their ALTERs need it once a replica set.
func alter(t Table, summary string, commands ...string) Statement {
	return Statement{
		Head:    "ALTER TABLE " + t.SQL(),
		Tail:    strings.Join(commands, ", "),
		Place:   t.Place,
		Writes:  []Table{t},
		Scope:   OnePerReplicaSet,
		Summary: "ALTER TABLE " + shown(t.Name) + " " + summary,
	}
}

func ifExists(wanted bool) string {
	if wanted {
		return "IF EXISTS "
	}
	return ""
}

func orReplace(wanted bool) string {
	if wanted {
		return "OR REPLACE "
	}
	return ""
}

func ifNotExists(wanted bool) string {
	if wanted {
		return "IF NOT EXISTS "
	}
	return ""
}

// position renders where a column or an index goes.
func position(first bool, after string) string {
	switch {
	case first:
		return " FIRST"
	case after != "":
		return " AFTER " + Ident(after)
	}
	return ""
}

// identifiers renders names as a list.
func identifiers(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = Ident(name)
	}
	return strings.Join(quoted, ", ")
}

// replacing leaves out the conditions of a statement that puts one thing in the
// place of another, for servers of which nothing can tell the two apart: there the
// conditions would hold before it ran. It may be sent twice.
func replacing(stmt Statement, replaces bool, env Env) Statement {
	if replaces && !env.Features[FeatureFormatQuery] {
		stmt.After = nil
		stmt.Traits.Repeatable = true
	}
	return stmt
}

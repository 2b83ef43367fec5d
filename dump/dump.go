// Package dump writes down the schema that a cluster has as migrations: what servers
// say of their tables goes in, operations come out. It is pure; package cluster
// reads the servers.
//
// An operation is given out only if it renders, for these very nodes, to the statement
// that the server has: the same tokens, but for the quoting of names and UUIDs. What
// the typed operations have no field for becomes a RunSQL with the server's text, and
// what even that cannot say is named. Nothing is lost without a word.
package dump

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Schema is what the nodes of one configured cluster have.
type Schema struct {
	Set      storageset.Key // that the operations name
	Database string         // whose tables these are
	From     string         // the nodes that were read, for people
	// Local and Query are the names of the nodes, as targets have them.
	Local, Query []string
	SingleNode   bool
	// Envs are what operations render by, for each target.
	Envs    map[ops.Target]ops.Env
	Version ops.Version
	// Objects are tables, views and dictionaries. One that differs between local and
	// query nodes is there twice.
	Objects   []Object
	Functions []Object
}

// Object is one thing that a server can show the CREATE of.
type Object struct {
	Name, Engine, Create string
	Comment              string   // servers may leave it out of Create
	Nodes                []string // that have it
}

// Result are the migrations, and what is in none of them.
type Result struct {
	Files   []File
	LeftOut []Note
}

// File is one migration with what has to be said about it.
type File struct {
	Migration migration.Migration
	Notes     []string
	Secrets   []string // that have to be configured before it can run
	LeftOut   []Note   // of the whole dump, in its first file
}

// Note is what has to be said about one object.
type Note struct{ Name, Text string }

// Make makes migrations of a schema, in an order in which they can be applied:
// functions, tables, dictionaries, Distributed tables, views; each behind what it names.
func Make(schema Schema) Result {
	m := &maker{schema: schema, known: map[string]bool{}, at: map[string][]ops.Target{}}
	for _, object := range schema.Objects {
		m.known[object.Name] = true
	}
	for _, f := range schema.Functions {
		m.function(f)
	}
	ordered := m.order()
	for _, entry := range ordered {
		m.object(entry)
	}
	for i := range m.result.Files {
		f := &m.result.Files[i]
		f.Migration.ID = fmt.Sprintf("%0*d_%s", len(fmt.Sprint(max(len(m.result.Files), 1000))), i+1, f.Migration.ID)
	}
	if len(m.result.Files) > 0 {
		m.result.Files[0].LeftOut = m.result.LeftOut
	}
	return m.result
}

type maker struct {
	schema Schema
	known  map[string]bool         // names of objects
	at     map[string][]ops.Target // of those that were made
	result Result
}

func (m *maker) leaveOut(name, format string, args ...any) {
	m.result.LeftOut = append(m.result.LeftOut, Note{Name: name, Text: fmt.Sprintf(format, args...)})
}

func (m *maker) add(f File, name string) {
	plain := strings.Trim(regexp.MustCompile(`[^A-Za-z0-9_.-]+`).ReplaceAllString(name, "_"), "_.-")
	f.Migration.ID = "create_" + plain
	if plain == "" {
		f.Migration.ID = "create"
	}
	m.result.Files = append(m.result.Files, f)
}

func (m *maker) function(f Object) {
	var file File
	for _, target := range m.targets(f, false) {
		// Functions are in no database: {db} is the cluster's.
		op, ok := function(ops.Place{StorageSet: m.schema.Set, Target: target}, f.Name, f.Create, m.schema.Envs[target].Database)
		if !ok || !m.says(op, f.Create) {
			m.leaveOut(f.Name, "the function cannot be said as CreateFunction")
			return
		}
		file.Migration.Forward = append(file.Migration.Forward, op)
	}
	m.add(file, "function_"+f.Name)
}

// object makes the migration of one table, view or dictionary.
func (m *maker) object(e entry) {
	shown := showsSecrets(m.schema.Version)
	switch taker := e.read.takesSecret(); {
	case !e.ok:
		m.leaveOut(e.Name, "its definition cannot be read")
		return
	case regexp.MustCompile(ops.SecretPattern).MatchString(e.Create):
		m.leaveOut(e.Name, "its definition has the text {secret:…}, which skein would take for a reference")
		return
	case shown && taker != "":
		m.leaveOut(e.Name, "%s may have been given a password, which this server does not hide; write it by hand", taker)
		return
	}
	create, secrets := withReferences(e.read.create(), e.Name, shown)
	s, _ := read(create, m.schema.Database)
	file := File{Secrets: secrets}
	targets := m.targets(e.Object, m.readsDistributed(e.certain))
	for _, target := range targets {
		operations := m.operations(s, e, target)
		if operations == nil {
			m.leaveOut(e.Name, "skein would not send its definition as it is: {db} or {on_cluster} in it would be filled in")
			return
		}
		file.Notes = append(file.Notes, m.notes(operations[0])...)
		file.Migration.Forward = append(file.Migration.Forward, operations...)
	}
	if len(secrets) > 0 {
		file.Notes = append(file.Notes, "servers hide secrets: configure "+strings.Join(secrets, ", ")+" under secrets of skein.yaml")
	}
	file.Notes = slices.Compact(file.Notes)
	m.at[e.Name] = targets
	m.add(file, e.Name)
}

// operations are the best way to say an object that says all of it; nil: there is none.
func (m *maker) operations(s statement, e entry, target ops.Target) []ops.Operation {
	t := ops.Table{Place: ops.Place{StorageSet: m.schema.Set, Target: target}, Name: e.Name}
	if m.schema.Database != m.schema.Envs[target].Database {
		t.Database = m.schema.Database
	}
	reads := m.reads(e.certain, t)
	comment := ops.CommentTable{Table: t, Comment: e.Comment, Was: new(string)}
	if bare, commented := s.withoutComment(); commented && e.Comment != "" && m.supports(comment) {
		for _, op := range bare.candidates(t, reads) {
			if m.says(op, bare.create()) {
				return []ops.Operation{op, comment}
			}
		}
	}
	for _, op := range append(s.candidates(t, reads), s.runSQL(t, reads)) {
		switch {
		case !m.says(op, s.create()):
		case e.Comment != "" && !s.has(e.Comment): // a server may not show it
			return []ops.Operation{op, comment}
		default:
			return []ops.Operation{op}
		}
	}
	return nil
}

// candidates are the typed operations that may say an object, best first.
func (s statement) candidates(t ops.Table, reads []ops.Table) []ops.Operation {
	switch s.verb {
	case "CREATE TABLE":
		return s.tables(t)
	case "CREATE VIEW":
		return s.view(t, reads)
	case "CREATE MATERIALIZED VIEW":
		return s.materialized(t, reads)
	case "CREATE DICTIONARY":
		return s.dictionaries(t, reads)
	}
	return nil
}

func (m *maker) supports(op ops.Operation) bool {
	_, err := op.Statements(m.schema.Envs[ops.PlaceOf(op).Target])
	return err == nil
}

// notes are what has to be said of how an operation says an object.
func (m *maker) notes(op ops.Operation) []string {
	var notes []string
	table, _ := op.(ops.CreateTable)
	engine, _, _ := strings.Cut(table.Engine.Text, "(")
	switch _, raw := op.(ops.RunSQL); {
	case raw:
		notes = append(notes, "no typed operation says all of it, so this is the server's own text")
	case strings.HasPrefix(engine, "Replicated"):
		notes = append(notes, "its engine stands as it is: its path in ZooKeeper is not the one that skein would give it, "+
			"or its settings are written as skein would not")
	}
	canonical, err := ops.Canonical(op)
	database := regexp.QuoteMeta(m.schema.Database)
	if err == nil && regexp.MustCompile(`'`+database+`'|\b`+database+`\.`).Match(canonical) {
		notes = append(notes, "it names the database "+m.schema.Database+" in a text, which stays so elsewhere")
	}
	return notes
}

// runSQL is the server's own text.
func (s statement) runSQL(t ops.Table, reads []ops.Table) ops.Operation {
	database := "{db}"
	if t.Database != "" {
		database = ops.Ident(t.Database)
	}
	name := database + "." + ops.Ident(t.Name) + " {on_cluster}"
	drop := "DROP TABLE " // of views too: 18.16 has no DROP VIEW
	if s.verb == "CREATE DICTIONARY" {
		drop = "DROP DICTIONARY "
	}
	tail := s.of(s.tail)
	if t.Database == "" {
		tail = s.movable(s.tail)
	}
	return ops.RunSQL{
		Place: t.Place, SQL: s.verb + " " + name + " " + tail, Scope: ops.RunEveryNode,
		Reads: reads, Writes: []ops.Table{t},
		Undo: &ops.RunSQL{
			Place: t.Place, SQL: drop + name, Scope: ops.RunEveryNode, Writes: []ops.Table{t}, DropsData: true,
		},
	}
}

// says that an operation is accepted and renders to a statement that has the
// tokens of the server's own.
func (m *maker) says(op ops.Operation, create string) bool {
	if op.Check() != nil {
		return false
	}
	statements, err := op.Statements(m.schema.Envs[ops.PlaceOf(op).Target])
	if err != nil || len(statements) != 1 {
		return false
	}
	return same(strings.TrimSpace(statements[0].Head)+" "+statements[0].Tail, create)
}

// reads are the tables that an object names, as its operation says them.
func (m *maker) reads(names map[string]bool, by ops.Table) []ops.Table {
	var tables []ops.Table
	for name := range names {
		t := by
		t.Name = name
		if targets := m.at[name]; len(targets) > 0 && !slices.Contains(targets, by.Target) {
			t.Target = targets[0]
		}
		tables = append(tables, t)
	}
	slices.SortFunc(tables, func(a, b ops.Table) int { return strings.Compare(a.Name, b.Name) })
	return tables
}

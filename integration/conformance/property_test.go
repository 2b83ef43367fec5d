package conformance

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/ops"
)

var replay = flag.String("sequence", "", "a file with the sequence that TestSequencesAreUndone printed: it alone is run")

// sequence is what the property test runs: a start, and operations from there.
type sequence struct {
	Start ops.Operations `json:"start"`
	Then  ops.Operations `json:"then"`
	world *world         // what should be there afterwards; nil when it is replayed
}

// GoString is what rapid prints.
func (s sequence) GoString() string {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Sprintf("%v: %+v, then %+v", err, s.Start, s.Then)
	}
	return string(text)
}

// sequences is how many are drawn, unless -rapid.checks says otherwise. They take
// about a third of a second each, on two idle cores.
const sequences = "200"

// TestSequencesAreUndone draws sequences of valid operations, applies each to the
// 26.7 node, compares what is there with what they should have made, undoes them
// by their derived inverses, and finds the schema as it was at the start.
//
// A failure prints the sequence in canonical form, made as short as rapid can.
// Either of these runs it again, the second also after the drawing has changed:
//
//	go test ./integration/conformance -run TestSequencesAreUndone -rapid.seed=N   (N is printed; any other for other sequences)
//	go test ./integration/conformance -run TestSequencesAreUndone -sequence=FILE  (what was printed)
func TestSequencesAreUndone(t *testing.T) {
	t.Parallel()
	b := &sequencer{bench: newBench(t, servers.modern.Cluster(t), "seq")}
	facts, err := b.set.Facts(t.Context(), []string{clusterName})
	if err != nil {
		t.Fatal(err)
	}
	b.env = facts[0].Env(ops.Local)
	if *replay != "" {
		text, err := os.ReadFile(*replay)
		if err != nil {
			t.Fatal(err)
		}
		var s sequence
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatalf("%s: %v", *replay, err)
		}
		if err := b.thereAndBack(s); err != nil {
			t.Fatal(err)
		}
		return
	}
	drawMore(t, sequences)
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.Custom(drawSequence).Draw(t, "sequence")
		if err := b.thereAndBack(s); err != nil {
			t.Fatalf("%v\n\nthe sequence (for -sequence=FILE):\n%#v", err, s)
		}
		for _, op := range s.Then {
			seen[ops.KindOf(op)]++
		}
	})
	t.Logf("operations: %v", seen)
}

// drawMore sets how much rapid draws, and from which seed, unless the command line
// does: the same in each run, so that a change is what makes it fail.
func drawMore(t *testing.T, checks string) {
	t.Helper()
	if testing.Short() {
		return
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.seed": "20261121"} {
		usual := flag.Lookup(name).DefValue
		if flagValue(name) != usual {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, usual) })
	}
}

// drawSequence draws up to eight operations, from a database of two tables.
func drawSequence(t *rapid.T) sequence {
	s := sequence{world: newWorld()}
	for _, name := range []string{"t", "n"} {
		o := drawTable(t, name)
		o.IfNotExists = false
		s.world.tables[name] = o
		s.Start = append(s.Start, copyOf(o))
	}
	actions := map[string]action{}
	for _, some := range []map[string]action{tableActions(), columnActions(), partActions(), objectActions()} {
		maps.Copy(actions, some)
	}
	names := slices.Sorted(maps.Keys(actions))
	slices.Reverse(names) // rapid likes the first best: those that change something, not "add" and "create"
	for range rapid.IntRange(1, 8).Draw(t, "operations") {
		for range 20 { // what is drawn may find nothing to change
			if op := actions[pick(t, "action", names)](t, s.world); op != nil {
				s.Then = append(s.Then, perhapsWhen(t, op))
				break
			}
		}
	}
	return s
}

// perhapsWhen puts an operation into a choice that comes out for it.
func perhapsWhen(t *rapid.T, op ops.Operation) ops.Operation {
	if rapid.IntRange(0, 15).Draw(t, "When") != 15 {
		return op
	}
	return pick(t, "choice", []ops.Operation{
		ops.When{If: ops.Test{SingleNode: true}, Then: ops.Operations{op}},
		ops.When{If: ops.Test{VersionAtLeast: "99.1"}, Else: ops.Operations{op}},
	})
}

// sequencer applies one sequence after the other.
type sequencer struct {
	*bench
	env ops.Env
	// undone: the sequence before left nothing.
	undone bool
}

// thereAndBack applies a sequence to an empty database and undoes it.
func (b *sequencer) thereAndBack(s sequence) error {
	if err := b.begin(s); err != nil {
		return err
	}
	b.undone = false
	start, err := b.definitions(b.database)
	if err != nil {
		return err
	}
	if err := b.do(s.Then...); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	if err := b.asModelled(s.world); err != nil {
		return err
	}
	inverse, err := s.Then.Inverse()
	if err != nil {
		return fmt.Errorf("inverse: %w", err)
	}
	if err := b.do(inverse...); err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	end, err := b.definitions(b.database)
	if err != nil {
		return err
	}
	if diff := differs(start, end, nil); diff != "" {
		return fmt.Errorf("schema after there and back:\n%s", diff)
	}
	b.undone = true
	return nil
}

const modelDatabase = "seqmodel"

// begin empties the database, makes the tables that a sequence starts from, and
// puts rows into them. Nothing of skein runs here but rendering.
func (b *sequencer) begin(s sequence) error {
	node := b.servers.Nodes[0]
	sql, err := b.leftovers(node)
	if err != nil {
		return err
	}
	for _, database := range []string{b.database, modelDatabase} {
		sql = append(sql, "DROP DATABASE IF EXISTS "+database+" SYNC", "CREATE DATABASE "+database+" ENGINE = Atomic")
	}
	for _, op := range s.Start {
		made, err := b.rendered(op, b.database)
		if err != nil {
			return err
		}
		sql = append(sql, made...)
	}
	for _, text := range sql {
		if _, err := b.try(node, text); err != nil {
			return fmt.Errorf("begin: %s: %w", text, err)
		}
	}
	for _, op := range s.Start {
		table, _ := op.(ops.CreateTable)
		if !storesRows(string(table.Engine.Kind)) {
			continue
		}
		text := "INSERT INTO {db}." + ops.Ident(table.Table.Name) + " (id, d) SELECT number, toDate('2026-01-30') + number FROM numbers(3)"
		if _, err := b.try(node, text); err != nil {
			return fmt.Errorf("begin: %s: %w", text, err)
		}
	}
	return nil
}

// leftovers drops what an earlier sequence left outside of its database.
func (b *sequencer) leftovers(node *testcluster.Node) ([]string, error) {
	if b.undone {
		return nil, nil
	}
	rows, err := b.try(node, "SELECT 'NAMED COLLECTION', name, '' FROM system.named_collections"+
		" UNION ALL SELECT 'DATABASE', name, ' SYNC' FROM system.databases WHERE name LIKE 'prop %'")
	var sql []string
	for name := range b.functions(node) {
		sql = append(sql, "DROP FUNCTION "+ops.Ident(name))
	}
	for _, row := range rows {
		sql = append(sql, "DROP "+row[0]+" "+ops.Ident(row[1])+row[2])
	}
	return sql, err
}

// rendered is an operation's SQL for a database.
func (b *sequencer) rendered(op ops.Operation, database string) ([]string, error) {
	env := b.env
	env.Database = database
	statements, err := op.Statements(env)
	var sql []string
	for _, stmt := range statements {
		sql = append(sql, stmt.SQL(""))
	}
	return sql, err
}

// asModelled compares what a sequence made with what the server itself makes of
// the model's definitions in another database.
func (b *sequencer) asModelled(w *world) error {
	if w == nil {
		return nil
	}
	node := b.servers.Nodes[0]
	for _, op := range w.all() {
		sql, err := b.rendered(op, modelDatabase)
		if err != nil {
			return fmt.Errorf("the model: %w", err)
		}
		for _, text := range sql {
			if _, err := b.try(node, text); err != nil {
				return fmt.Errorf("the model: %s: %w", text, err)
			}
		}
	}
	want, err := b.definitions(modelDatabase)
	if err != nil {
		return err
	}
	have, err := b.definitions(b.database)
	if err != nil {
		return err
	}
	if diff := differs(want, have, nil); diff != "" {
		return fmt.Errorf("the operations made another schema than they say:\n%s", diff)
	}
	return nil
}

// all are the operations that make the world's objects in a database, sources
// before what reads them.
func (w *world) all() []ops.Operation {
	var all []ops.Operation
	for _, name := range sorted(w.tables, nil) {
		all = append(all, w.tables[name])
	}
	for _, name := range sorted(w.dictionaries, nil) {
		all = append(all, w.dictionaries[name])
	}
	for _, name := range sorted(w.views, nil) {
		all = append(all, w.views[name])
	}
	for _, name := range sorted(w.materialized, nil) {
		all = append(all, w.materialized[name])
	}
	return all
}

// definitions are the CREATE texts of a database, and what is in none. Two texts
// that say the same are made one: settings come in the order in which they were
// set, a changed sorting key leaves its brackets and its PRIMARY KEY written, and the
// next ALTER of a table writes out the default of a bare EPHEMERAL.
func (b *sequencer) definitions(database string) (snapshot, error) {
	node, found := b.servers.Nodes[0], snapshot{}
	query := "SELECT name, engine, create_table_query, engine_full FROM system.tables WHERE database = '" + database + "'" +
		" UNION ALL SELECT concat('named collection ', name), '', create_query, '' FROM system.named_collections" +
		" UNION ALL SELECT concat('database ', name), '', concat(engine, comment), '' FROM system.databases WHERE name != 'system' AND lower(name) != 'information_schema'" +
		" UNION ALL SELECT concat('detached ', table), '', toString(is_permanently), '' FROM system.detached_tables WHERE database = '" + b.database + "'"
	rows, err := b.try(node, query)
	if err != nil {
		return nil, err
	}
	for name, create := range b.functions(node) {
		rows = append(rows, []string{"function " + name, "", create, ""})
	}
	inDatabase := regexp.MustCompile(`\b` + database + `(\.|')`)
	bare := regexp.MustCompile(` EPHEMERAL defaultValueOfTypeName\('(?:[^'\\]|\\.)*'\)`)
	for _, row := range rows {
		create := strings.Replace(row[2], row[3], settledEngine(row[3]), 1)
		found[row[0]] = row[1] + ": " + inDatabase.ReplaceAllString(bare.ReplaceAllString(create, " EPHEMERAL"), "{db}$1")
	}
	return found, nil
}

func settledEngine(engine string) string {
	before, settings, set := strings.Cut(engine, " SETTINGS ")
	if key := regexp.MustCompile(` PRIMARY KEY (.*) ORDER BY (.*?)(?: SAMPLE BY | TTL |$)`).FindStringSubmatch(before); key != nil {
		if bareKey(key[1]) == bareKey(key[2]) {
			before = strings.Replace(before, " PRIMARY KEY "+key[1], "", 1)
		} else {
			before = strings.Replace(before, " PRIMARY KEY "+key[1], " PRIMARY KEY "+bareKey(key[1]), 1)
		}
		before = strings.Replace(before, " ORDER BY "+key[2], " ORDER BY "+bareKey(key[2]), 1)
	}
	if !set {
		return before
	}
	list := strings.Split(settings, ", ")
	slices.Sort(list)
	return before + " SETTINGS " + strings.Join(list, ", ")
}

// bareKey drops the brackets around a key of one column.
func bareKey(key string) string {
	if inside, ok := strings.CutPrefix(key, "("); ok && !strings.Contains(key, ",") {
		return strings.TrimSuffix(inside, ")")
	}
	return key
}

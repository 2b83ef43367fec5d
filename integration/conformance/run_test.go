package conformance

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

var update = flag.Bool("update", false, "write docs/operations.md")

// outcome is a row of docs/operations.md.
type outcome struct{ kind, name, server, applied, broken, undone string }

// TestOperations is the conformance test.
func TestOperations(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, s := range scenarios() {
		covered[ops.KindOf(s.op)] = true
	}
	for kind := range ops.Kinds() {
		if !covered[kind] {
			t.Errorf("no scenario applies %s", kind)
		}
	}
	var mu sync.Mutex
	var found []outcome
	seen := 0 // servers; fewer than both say nothing of the document
	t.Run("on", func(t *testing.T) {
		for _, on := range []struct {
			name   string
			shared *testcluster.Pool
		}{{"26.7, one node", &servers.modern}, {"18.16, 2×2", &servers.cluster}} {
			t.Run(on.name, func(t *testing.T) {
				t.Parallel()
				outcomes := proveAll(t, on.name, on.shared.Cluster(t))
				mu.Lock()
				defer mu.Unlock()
				seen++
				found = append(found, outcomes...)
			})
		}
	})
	if seen == 2 && !t.Failed() && !strings.Contains(flagValue("test.run"), "/") {
		compareDocument(t, document(found))
	}
}

// proveAll applies every operation on one set of servers.
func proveAll(t *testing.T, name string, c *testcluster.Cluster) []outcome {
	var found []outcome
	all := benches{servers: c}
	for _, s := range scenarios() {
		if s.modernOnly && c.Options.Engine != testcluster.EngineModern || s.clusterOnly && c.Options.Engine == testcluster.EngineModern {
			continue
		}
		t.Run(ops.KindOf(s.op)+" "+s.name, func(t *testing.T) {
			b := all.next(t)
			all.last = nil // one that fails is not used again
			o := b.prove(s)
			o.kind, o.name, o.server = ops.KindOf(s.op), s.name, name
			t.Logf("%s; %s; %s", o.applied, o.broken, o.undone)
			found = append(found, o)
			all.done(b)
		})
	}
	return found
}

func flagValue(name string) string {
	if f := flag.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// prove applies, checks, breaks, mends and undoes one operation.
func (b *bench) prove(s scenario) outcome {
	t := b.t
	t.Helper()
	// What is refused is refused before anything is made.
	_, err := b.plan(slices.Concat(s.given, []ops.Operation{s.op})...)
	if why, refused := refusedFor(err); refused {
		return outcome{applied: "refused: " + why, broken: "–", undone: "–"}
	}
	b.prepare(s)
	schema, rows := b.look()
	steps, err := b.plan(s.op)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	if len(steps) == 0 {
		return outcome{applied: "nothing to do on a single node", broken: "–", undone: "–"}
	}
	o := outcome{applied: "applied"}
	seen := 0
	for i, step := range steps {
		b.needed(s, step)
		if err := b.runStep(step); err != nil {
			if s.cannot != 0 && i == 0 && hasCode(err, s.cannot) {
				b.unchanged(schema, rows, "a refused operation")
				return outcome{applied: fmt.Sprintf("not proven: %s (%d)", s.cannotWhy, s.cannot), broken: "–", undone: "–"}
			}
			t.Fatalf("apply: %v", err)
		}
		seen += b.breakAndMend(s, step)
	}
	if s.cannot != 0 {
		t.Fatalf("the server does it now: take `cannot: %d` away", s.cannot)
	}
	if o.broken = "seen"; seen == 0 {
		o.broken = "no conditions: the state row decides"
	}
	b.insert(s, rows)
	b.effect(s)
	if s.noop { // what was there before is not skein's to take away
		b.unchanged(schema, rows, steps[0].Statement.Summary)
		o.broken, o.undone = "–", "–"
		return o
	}
	o.undone = b.undo(s, schema, rows)
	return o
}

// prepare makes the tables and rows that a scenario adds to those always there.
func (b *bench) prepare(s scenario) {
	b.t.Helper()
	if err := b.do(s.given...); err != nil {
		b.t.Fatalf("make what is given: %v", err)
	}
	for _, sql := range s.rows {
		b.oncePerShard(sql)
	}
	if len(s.rows) > 0 {
		b.settle()
	}
	for _, sql := range s.byHand {
		b.everywhere(sql)
	}
}

// settle waits until the replicas have each other's rows.
func (b *bench) settle() {
	b.t.Helper()
	for _, node := range b.servers.Nodes {
		for _, row := range b.on(node, "SELECT table FROM system.replicas WHERE database = '"+b.database+"'") {
			b.on(node, "SYSTEM SYNC REPLICA {db}.`"+row[0]+"`")
		}
	}
}

// insert makes what a scenario has then, and puts it into the rows that were before.
func (b *bench) insert(s scenario, rows snapshot) {
	b.t.Helper()
	if len(s.then) == 0 {
		return
	}
	for _, sql := range s.then {
		b.oncePerShard(sql)
	}
	b.settle()
	_, now := b.look()
	for name := range rows {
		rows[name] = now[name]
	}
}

func (b *bench) effect(s scenario) {
	b.t.Helper()
	if s.effect == "" {
		return
	}
	b.settle()
	for _, node := range b.servers.Nodes {
		got := ""
		deadline := time.Now().Add(5 * time.Second)
		for {
			rows, err := b.try(node, s.effect)
			if err != nil {
				b.t.Fatalf("%s: %s: %v", node.Name, s.effect, err)
			}
			var lines []string
			for _, row := range rows {
				lines = append(lines, strings.Join(row, "|"))
			}
			if got = strings.Join(lines, "\n"); got == s.want || time.Now().After(deadline) {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if got != s.want {
			b.t.Errorf("%s: %s answers %q, want %q", node.Name, s.effect, got, s.want)
		}
	}
}

// needed sees that a step's conditions do not hold before it has run: one whose
// conditions do would prove nothing.
func (b *bench) needed(s scenario, step plan.Step) {
	b.t.Helper()
	for node, v := range b.verdicts(step) {
		if holds := v.Verdict == journal.Holds; holds != s.noop {
			b.t.Errorf("%s: before %s its conditions hold: %v %s", node, step.Statement.Summary, holds, v.Why)
		}
	}
}

// breakAndMend makes a step's conditions false on the last node, sees it, and has
// skein mend what it finds broken. It answers how many steps had conditions.
func (b *bench) breakAndMend(s scenario, step plan.Step) int {
	t := b.t
	t.Helper()
	b.holds(step)
	if len(step.Statement.After) == 0 || s.noop {
		return 0
	}
	broken := b.servers.Nodes[len(b.servers.Nodes)-1]
	hand := s.breaks
	if hand == nil {
		hand = []string{breakage(step.Statement.After[0])}
	}
	for _, sql := range hand {
		b.on(broken, sql)
	}
	verdicts := b.verdicts(step)
	if verdicts[broken.Addr()].Verdict == journal.Holds {
		t.Errorf("%s was broken by hand (%s), and its conditions hold", broken.Name, strings.Join(hand, "; "))
	}
	wanted := map[string]bool{}
	for _, node := range b.servers.Nodes {
		// A replica of the broken one follows it; another shard does not.
		v := verdicts[node.Addr()]
		if node.Shard != broken.Shard && !s.spreads && v.Verdict != journal.Holds {
			t.Errorf("%s was not broken, and its conditions do not hold: %s", node.Name, v.Why)
		}
		wanted[node.Addr()] = v.Verdict != journal.Holds
	}
	if err := b.runStep(step.Only(wanted)); err != nil {
		t.Fatalf("mend what was broken by hand (%s): %v", strings.Join(hand, "; "), err)
	}
	b.holds(step)
	return 1
}

// holds waits until the conditions of a step hold on every node: the replicas of
// one that was mended follow it.
func (b *bench) holds(step plan.Step) {
	b.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var open []string
		for node, v := range b.verdicts(step) {
			if v.Verdict != journal.Holds {
				open = append(open, node+": "+v.Why)
			}
		}
		if len(open) == 0 {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("after %s a condition does not hold: %s", step.Statement.Summary, strings.Join(open, "; "))
		}
	}
}

func (b *bench) undo(s scenario, schema, rows snapshot) string {
	t := b.t
	t.Helper()
	inverter, ok := s.op.(ops.Inverter)
	if !ok {
		return "no inverse"
	}
	inverse, err := inverter.Inverse()
	var irreversible *ops.IrreversibleError
	if errors.As(err, &irreversible) {
		return "no inverse: " + irreversible.Why
	}
	if err != nil {
		t.Fatalf("inverse: %v", err)
	}
	if inverse == nil {
		return "nothing to undo"
	}
	err = b.do(inverse)
	if why, refused := refusedFor(err); refused {
		return "refused: " + why
	}
	if err != nil {
		t.Fatalf("undo: %v", err)
	}
	b.settle()
	after, afterRows := b.look()
	if diff := differs(schema, after, s.settles); diff != "" {
		t.Errorf("schema after there and back:\n%s", diff)
	}
	if s.loses != "" { // what it did not touch, it did not lose
		rows, afterRows = rows.of("n"), afterRows.of("n")
	}
	if diff := differs(rows, afterRows, nil); diff != "" {
		t.Errorf("rows after there and back:\n%s", diff)
	}
	if s.loses != "" {
		return "undone, but for " + s.loses
	}
	return "undone"
}

func (b *bench) unchanged(schema, rows snapshot, what string) {
	b.t.Helper()
	after, afterRows := b.look()
	if diff := differs(schema, after, nil) + differs(rows, afterRows, nil); diff != "" {
		b.t.Errorf("%s changed:\n%s", what, diff)
	}
}

func (b *bench) drop() {
	for _, node := range b.servers.Nodes {
		sync := ""
		if b.single {
			sync = " SYNC"
		} else { // 18.16 drops no database with a detached table
			_, _ = b.try(node, "ATTACH TABLE {db}.t")
		}
		b.on(node, "DROP DATABASE IF EXISTS {db}"+sync)
		for _, drop := range b.droppable(node) {
			b.on(node, drop)
		}
	}
}

func hasCode(err error, code int) bool {
	return strings.Contains(err.Error(), fmt.Sprintf("Code:%d ", code))
}

func compareDocument(t *testing.T, text string) {
	t.Helper()
	const file = "../../docs/operations.md"
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if string(have) != text {
		t.Errorf("%s is stale: go test ./integration/conformance -update writes it anew", file)
	}
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// lookTimeout bounds one look at one node, so that a frozen server is told
// apart from a slow statement.
const lookTimeout = 10 * time.Second

// checker compares the nodes of a step with its conditions, as often as asked.
type checker struct {
	cluster *Cluster
	step    plan.Step
	want    []expected        // by condition; nil until a node has said
	was     map[string]string // identities of tables before it, by plan.TableKey
}

func (c *Cluster) checker(step plan.Step) *checker {
	return &checker{cluster: c, step: step, was: maps.Clone(step.Was)}
}

// Check compares every node of a step with the step's conditions, once.
func (c *Cluster) Check(ctx context.Context, step plan.Step) []journal.NodeVerdict {
	return c.checker(step).look(ctx)
}

// look compares all nodes at once. A statement without conditions holds nowhere
// and nowhere not: it has no verdicts.
func (k *checker) look(ctx context.Context) []journal.NodeVerdict {
	if len(k.step.Statement.After) == 0 {
		return nil
	}
	states, failures := k.observe(ctx)
	return k.verdicts(ctx, states, failures)
}

// lookBefore is a look before the statement, for which what was just seen will do.
func (k *checker) lookBefore(ctx context.Context) []journal.NodeVerdict {
	if len(k.step.Statement.After) == 0 {
		return nil
	}
	nothing := func(string) []ops.Condition { return nil }
	states, failures := k.cluster.before(ctx, k.step.Nodes, k.conditions, nothing)
	return k.verdicts(ctx, states, failures)
}

func (k *checker) verdicts(ctx context.Context, states map[string]nodeState, failures map[string]error) []journal.NodeVerdict {
	if err := k.normalise(ctx, states); err != nil {
		// Without it names alone would be compared, and all would seem to hold.
		for _, node := range k.step.Nodes {
			if failures[node.Name()] == nil {
				failures[node.Name()] = fmt.Errorf("ask what the columns should look like: %w", err)
			}
		}
	}
	verdicts := make([]journal.NodeVerdict, len(k.step.Nodes))
	for i, node := range k.step.Nodes {
		verdicts[i] = k.verdict(node.Name(), states[node.Name()], failures[node.Name()])
	}
	return k.compareNodes(verdicts, states)
}

func (k *checker) observe(ctx context.Context) (map[string]nodeState, map[string]error) {
	return k.cluster.observeAll(ctx, k.step.Nodes, k.conditions)
}

func (k *checker) conditions(string) []ops.Condition { return k.step.Statement.After }

// observeAll reads what conditions ask for on all of some nodes, at once.
func (c *Cluster) observeAll(ctx context.Context, nodes []journal.Node, conditions func(node string) []ops.Condition) (map[string]nodeState, map[string]error) {
	var mu sync.Mutex
	states := map[string]nodeState{}
	failures := c.each(ctx, nodes, func(ctx context.Context, node journal.Node) error {
		ctx, cancel := context.WithTimeout(ctx, lookTimeout)
		defer cancel()
		state, err := c.observe(ctx, node.Name(), conditions(node.Name()))
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		states[node.Name()] = state
		return nil
	})
	return states, failures
}

func (k *checker) verdict(node string, state nodeState, failure error) journal.NodeVerdict {
	if failure != nil {
		return journal.NodeVerdict{Node: node, Verdict: journal.Unreachable, Why: "does not answer: " + oneLine(unwrapNode(failure))}
	}
	worst := journal.NodeVerdict{Node: node, Verdict: journal.Holds}
	for i, condition := range k.step.Statement.After {
		var want expected
		if i < len(k.want) {
			want = k.want[i]
		}
		if is, ok := condition.(ops.TableIs); ok {
			want.path = k.cluster.pathOn(node, is)
		}
		verdict, why := evaluate(condition, state, want, func(t ops.Table) string { return k.was[plan.TableKey(node, t)] })
		if verdict > worst.Verdict {
			worst.Verdict, worst.Why = verdict, why
		}
	}
	return worst
}

// compareNodes marks nodes whose definition of a created table or view is not
// that of most: engine arguments and sorting keys are compared so.
func (k *checker) compareNodes(verdicts []journal.NodeVerdict, states map[string]nodeState) []journal.NodeVerdict {
	for _, condition := range k.step.Statement.After {
		switch condition.(type) {
		case ops.TableIs, ops.ViewIs, ops.DictionaryIs:
		default:
			continue
		}
		table := condition.OnTables()[0].String()
		count, common, at := map[string]int{}, "", ""
		for _, v := range verdicts {
			if v.Verdict != journal.Holds {
				continue
			}
			text := withoutIDs(states[v.Node].tables[table].createQuery)
			if count[text]++; count[text] > count[common] {
				common, at = text, v.Node
			}
		}
		for i, v := range verdicts {
			if v.Verdict == journal.Holds && withoutIDs(states[v.Node].tables[table].createQuery) != common {
				verdicts[i].Verdict = journal.Conflict
				verdicts[i].Why = fmt.Sprintf("%s is defined otherwise than on %s", table, at)
			}
		}
	}
	return verdicts
}

// remember keeps which tables a RENAME or an EXCHANGE is about to move.
func (k *checker) remember(ctx context.Context) {
	var tables []ops.Table
	for _, condition := range k.step.Statement.After {
		tables = append(tables, moved(condition)...)
	}
	if len(tables) == 0 {
		return
	}
	if k.was == nil {
		k.was = map[string]string{}
	}
	states, _ := k.observe(ctx) // a node that does not answer has no identity to compare
	for node, state := range states {
		for _, table := range tables {
			k.was[plan.TableKey(node, table)] = state.tables[table.String()].identity()
		}
	}
}

// moved lists the tables whose names a condition is about.
func moved(condition ops.Condition) []ops.Table {
	switch c := condition.(type) {
	case ops.TableRenamed:
		return []ops.Table{c.From}
	case ops.TablesExchanged:
		return []ops.Table{c.A, c.B}
	}
	return nil
}

// normalise asks one node, once, what it makes of the columns that the
// conditions state.
func (k *checker) normalise(ctx context.Context, states map[string]nodeState) error {
	if k.want != nil {
		return nil
	}
	for _, node := range k.step.Nodes {
		state, ok := states[node.Name()]
		if !ok {
			continue
		}
		want := make([]expected, len(k.step.Statement.After))
		for i, condition := range k.step.Statement.After {
			one, err := k.cluster.expect(ctx, node.Name(), condition, state, k.step.Statement.Settings)
			if err != nil {
				return err
			}
			want[i] = one
		}
		k.want = want
		return nil
	}
	return errors.New("no node answers")
}

// oneLine is what a server said, without what surrounds it: "Code: 44,
// e.displayText() = DB::Exception: …, e.what() = DB::Exception" on 18.16,
// "Code: 44. DB::Exception: … (version 26.7.2.1)" on 26.7.
func oneLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	text, _, _ = strings.Cut(text, " Stack trace")
	text = regexp.MustCompile(`^(Code: \d+(, e\.displayText\(\) =|\.) )?(DB::Exception: )*`).ReplaceAllString(strings.TrimSpace(text), "")
	text, _, _ = strings.Cut(text, ", e.what() = DB::Exception")
	return regexp.MustCompile(` \(version [0-9.]+[^)]*\)$`).ReplaceAllString(text, "")
}

// unwrapNode drops the node's name from its error, where the name stands beside it.
func unwrapNode(err error) error {
	var node *journal.NodeError
	if errors.As(err, &node) {
		return node.Err
	}
	return err
}

// pathOn expands a ZooKeeper path with a node's macros. One that a newer server
// fills in by itself ({uuid}) cannot be foretold, and is not compared.
func (c *Cluster) pathOn(node string, table ops.TableIs) string {
	c.mu.Lock()
	macros := c.facts[node].Macros
	c.mu.Unlock()
	path := strings.NewReplacer("{database}", table.Table.Database, "{table}", table.Table.Name).Replace(table.Path)
	for name, value := range macros {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if strings.Contains(path, "{") {
		return ""
	}
	return path
}

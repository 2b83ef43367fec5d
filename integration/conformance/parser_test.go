package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/ops"
)

// draws is how often operations of every kind are drawn and rendered, unless
// -rapid.checks says otherwise.
const draws = "60"

// statement is a text that the server should take, with where it comes from.
type statement struct {
	op   ops.Operation
	text string
}

// GoString is what rapid prints.
func (s statement) GoString() string {
	text, err := ops.Canonical(s.op)
	return fmt.Sprintf("%s (%v)\n%s", text, err, s.text)
}

// TestEveryStatementIsAccepted fills operations of every kind with hostile names
// and texts, and with expressions where an author's SQL is asked for, renders those
// that Check accepts for several sorts of nodes, and has the 26.7 parser read every
// statement, also those that conditions hold.
func TestEveryStatementIsAccepted(t *testing.T) {
	t.Parallel()
	node := servers.modern.Cluster(t).Nodes[0]
	drawMore(t, draws)
	accepted := map[string]int{}
	kinds := slices.Sorted(maps.Keys(ops.Kinds()))
	rapid.Check(t, func(t *rapid.T) {
		var texts []statement
		for _, kind := range kinds {
			if op := drawOperation(kind).Draw(t, kind); op != nil {
				accepted[kind]++
				texts = append(texts, renderings(t, op)...)
			}
		}
		if refused := parseAll(t, node, texts); refused != "" {
			t.Fatal(refused)
		}
	})
	found := t.Failed()
	for _, kind := range kinds {
		if accepted[kind] == 0 && kind != "RunGo" && !found { // a function has no JSON, and no SQL
			t.Errorf("no %s that was drawn is valid: the filler does not know its fields", kind)
		}
	}
	t.Logf("valid operations: %v", accepted)
}

// drawOperation draws an operation of a kind; nil where none was found that is valid.
func drawOperation(kind string) *rapid.Generator[ops.Operation] {
	return rapid.Custom(func(t *rapid.T) ops.Operation { return newFiller(t).operation(kind) })
}

// renderings are all texts of an operation and of its inverse.
func renderings(t *rapid.T, op ops.Operation) []statement {
	all := []ops.Operation{op}
	if inverter, ok := op.(ops.Inverter); ok {
		if inverse, err := inverter.Inverse(); err == nil && inverse != nil {
			if err := inverse.Check(); err != nil {
				t.Fatalf("%#v\nhas an inverse that is refused: %v", statement{op: op}, err)
			}
			all = append(all, inverse)
		}
	}
	var texts []statement
	for _, op := range all {
		for _, env := range environments() {
			statements, _ := op.Statements(env) // what nodes lack is refused there
			for _, stmt := range statements {
				if stmt.Call != nil {
					continue
				}
				texts = append(texts, statement{op, stmt.SQL("")})
				if !env.SingleNode && !stmt.Direct {
					texts = append(texts, statement{op, stmt.SQL("c'l`1")})
				}
				for _, condition := range stmt.After {
					if create := creates(condition); create != "" {
						texts = append(texts, statement{op, create})
					}
				}
			}
		}
	}
	return texts
}

// creates is the statement that a condition is compared with.
func creates(condition ops.Condition) string {
	switch c := condition.(type) {
	case ops.ViewIs:
		return c.Create
	case ops.DictionaryIs:
		return c.Create
	case ops.ObjectIs:
		return c.Create
	}
	return ""
}

// environments are a single node and a cluster, with all features, and a cluster
// of servers with none.
func environments() []ops.Env {
	cluster := ops.Env{
		LocalCluster: "lo'cal", DistCluster: "di`st", Database: "my`db", Features: map[ops.Feature]bool{},
		Version: ops.Version{Major: 26, Minor: 7}, Settings: map[string]bool{"alter_sync": true},
	}
	for _, feature := range ops.Features() {
		cluster.Features[feature] = true
	}
	single, old := cluster, cluster
	single.SingleNode, single.LocalCluster, single.DistCluster = true, "", ""
	old.Features, old.Version, old.Settings = nil, ops.Version{Major: 18, Minor: 16}, nil
	return []ops.Env{single, cluster, old}
}

// parseAll has the server read many texts at once, and says what it thinks of the
// first that it does not take.
func parseAll(t *rapid.T, node *testcluster.Node, texts []statement) string {
	// A query is 256 KiB at most, and quoting makes texts longer.
	const most = 100_000
	for len(texts) > 0 {
		size, some := 0, 0
		var literals []string
		for some < len(texts) && (some == 0 || size+2*len(texts[some].text) < most) {
			size += 2 * len(texts[some].text)
			literals = append(literals, ops.String(texts[some].text))
			some++
		}
		list := "[" + strings.Join(literals, ", ") + "]"
		rows, err := node.Query(t.Context(), "SELECT pair.1 FROM (SELECT arrayJoin(arrayZip(arrayEnumerate("+list+" AS texts), texts)) AS pair)"+
			" WHERE formatQuerySingleLineOrNull(pair.2) IS NULL ORDER BY 1 LIMIT 1")
		if err != nil {
			return err.Error()
		}
		if len(rows) > 0 {
			var at int
			if _, err := fmt.Sscan(rows[0][0], &at); err != nil {
				return err.Error()
			}
			refused := texts[at-1]
			_, err := node.Query(t.Context(), "SELECT formatQuerySingleLine("+ops.String(refused.text)+")")
			return fmt.Sprintf("%#v\nis refused: %v", refused, err)
		}
		texts = texts[some:]
	}
	return ""
}

package conformance

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/dump"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration/yamlfile"
	"github.com/skein-migrate/skein/ops"
)

var everyDump = flag.Bool("dumps", false, "dump what every scenario leaves, not what one of each kind that alters does")

// TestDumpIsTheSchema makes what each scenario of 26.7 makes, writes it down, drops
// it, and applies what was written: every CREATE is the one that was there.
func TestDumpIsTheSchema(t *testing.T) {
	t.Parallel()
	dumpAll(t, servers.modern.Cluster(t))
}

// TestDumpIsTheSchemaOfACluster is the same on two shards with two replicas of 18.16.
func TestDumpIsTheSchemaOfACluster(t *testing.T) {
	t.Parallel()
	dumpAll(t, servers.cluster.Cluster(t))
}

func dumpAll(t *testing.T, c *testcluster.Cluster) {
	all := benches{servers: c}
	kinds, seen, altered := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, s := range scenarios() {
		if s.modernOnly && c.Options.Engine != testcluster.EngineModern || s.clusterOnly && c.Options.Engine == testcluster.EngineModern {
			continue
		}
		if c.Options.Engine != testcluster.EngineModern && !strings.HasPrefix(ops.KindOf(s.op), "Create") {
			continue // to alter on 18.16 takes long, and what comes of it is a CREATE like others
		}
		if kind := ops.KindOf(s.op); !strings.HasPrefix(kind, "Create") {
			if altered[kind] && !*everyDump {
				continue
			}
			altered[kind] = true
		}
		t.Run(ops.KindOf(s.op)+" "+s.name, func(t *testing.T) {
			b := all.next(t)
			all.last = nil
			_, err := b.plan(slices.Concat(s.given, []ops.Operation{s.op})...)
			if _, refused := refusedFor(err); refused {
				all.done(b)
				return
			}
			b.prepare(s)
			if err := b.do(s.op); err != nil && (s.cannot == 0 || !hasCode(err, s.cannot)) {
				t.Fatal(err)
			}
			// What partitions, rows and rights are about leaves the schema that was there before.
			if schema, _ := b.look(); !seen[schema.text()] {
				seen[schema.text()] = true
				b.thereAndBack(schema, kinds)
			}
			all.done(b)
		})
	}
	t.Logf("operations: %v", kinds)
}

// thereAndBack dumps, drops and makes again.
func (b *bench) thereAndBack(before snapshot, kinds map[string]int) {
	t := b.t
	t.Helper()
	schema, err := b.set.Schema(t.Context(), clusterName, "")
	if err != nil {
		t.Fatal(err)
	}
	schema.Set = "events"
	result := dump.Make(schema)
	if len(result.LeftOut) > 0 {
		t.Errorf("left out: %v", result.LeftOut)
	}
	var texts []string
	for _, file := range result.Files {
		text, err := file.Text(schema.From)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range file.Secrets {
			text = []byte(strings.ReplaceAll(string(text), "{secret:"+secret+"}", "{secret:WORD}"))
		}
		texts = append(texts, string(text))
	}
	b.empty()
	var written []ops.Operation
	for i, text := range texts {
		m, err := yamlfile.Parse(result.Files[i].Name(), []byte(text), yamlfile.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, op := range m.Forward {
			kinds[ops.KindOf(op)]++
			if create, is := op.(ops.CreateTable); is {
				kinds["engine "+string(create.Engine.Kind)]++
			}
		}
		written = append(written, m.Forward...)
	}
	if err := b.do(written...); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(texts, "\n"))
	}
	after, _ := b.look()
	settle := func(s snapshot) map[string]string {
		out := map[string]string{}
		for name, text := range s {
			if strings.Contains(name, " _tmp_replace_") || strings.Contains(name, " .tmp.inner") {
				continue // there while a view is refreshed
			}
			out[name] = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).ReplaceAllString(text, "…")
		}
		return out
	}
	if diff := cmp.Diff(settle(before), settle(after)); diff != "" {
		t.Errorf("(-was +is):\n%s\n%s", diff, strings.Join(texts, "\n"))
	}
	if raw := slices.IndexFunc(texts, func(text string) bool {
		return strings.Contains(text, "run_sql") || strings.Contains(text, "kind: Raw")
	}); raw >= 0 {
		t.Logf("not typed: %s", texts[raw])
	}
}

// empty drops all tables and functions.
func (b *bench) empty() {
	b.t.Helper()
	for _, node := range b.servers.Nodes {
		sync := ""
		if b.single {
			sync = " SYNC"
		}
		for rest, turn := b.tables(node), 0; len(rest) > 0; rest, turn = b.tables(node), turn+1 {
			for _, row := range rest {
				kind := "TABLE"
				if row[1] == "Dictionary" && b.single && !strings.Contains(row[2], "CREATE TABLE") {
					kind = "DICTIONARY"
				}
				_, err := b.try(node, fmt.Sprintf("DROP %s {db}.%s%s", kind, ops.Ident(row[0]), sync))
				if err != nil && turn > 2 {
					b.t.Fatal(err)
				}
			}
		}
		for name := range b.functions(node) {
			b.on(node, "DROP FUNCTION "+ops.Ident(name))
		}
	}
}

func (b *bench) tables(node *testcluster.Node) [][]string {
	b.t.Helper()
	return b.on(node, "SELECT name, engine, create_table_query FROM system.tables WHERE database = '"+b.database+"' AND name NOT LIKE '.inner%'")
}

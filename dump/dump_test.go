package dump

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/migration/yamlfile"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/validate"
)

var update = flag.Bool("update", false, "write the golden files")

func env() ops.Env {
	_, env := validate.Synthetic(ops.Place{})
	env.LocalCluster, env.DistCluster = "events", "events_dist"
	return env
}

// schemaOf is a cluster of two nodes that all have these tables.
func schemaOf(creates ...string) Schema {
	nodes := []string{"ch-1:9000", "ch-2:9000"}
	s := Schema{
		Set: "events", Database: "default", From: "ch-1:9000 (26.7.2)", Local: nodes, Query: nodes,
		Envs: map[ops.Target]ops.Env{ops.Local: env(), ops.Distributed: env()}, Version: ops.Version{Major: 26, Minor: 7},
	}
	for _, create := range creates {
		is, _ := read(create, "default")
		o := Object{Create: create, Nodes: nodes, Name: is.tokens[is.name.to-1].value}
		switch is.verb {
		case "CREATE VIEW":
			o.Engine = "View"
		case "CREATE MATERIALIZED VIEW":
			o.Engine = "MaterializedView"
		case "CREATE DICTIONARY":
			o.Engine = "Dictionary"
		default:
			engine := is.find(is.tail.from, is.tail.to, "ENGINE")
			o.Engine = is.tokens[engine+2].value
		}
		if at := is.find(is.tail.from, is.tail.to, "COMMENT"); at+1 < is.tail.to {
			o.Comment, _ = is.literal(span{at + 1, at + 2})
		}
		s.Objects = append(s.Objects, o)
	}
	return s
}

// said is a result as one text.
func said(t *testing.T, r Result) string {
	t.Helper()
	var b strings.Builder
	for _, f := range r.Files {
		text, err := f.Text("ch-1:9000")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := yamlfile.Parse(f.Name(), text, yamlfile.Options{}); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		fmt.Fprintf(&b, "-- %s --\n%s", f.Name(), text)
	}
	for _, note := range r.LeftOut {
		fmt.Fprintf(&b, "left out: %s: %s\n", note.Name, note.Text)
	}
	return b.String()
}

func lines(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func TestTablesAreSaidByOperations(t *testing.T) {
	schema := schemaOf(lines(t)...)
	schema.Functions = []Object{{Name: "linear", Create: "CREATE FUNCTION linear AS (x, k) -> ((k * x) + 1)", Nodes: schema.Local}}
	r := Make(schema)
	if err := r.Allow("events", func(ops.Place) (string, ops.Env) { return "events", env() }); err != nil {
		t.Fatal(err)
	}
	have := said(t, r)
	const golden = "testdata/tables.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if diff := cmp.Diff(string(want), have); diff != "" {
		t.Error(diff)
	}
}

// Nothing is lost without a word: what is in no file is among what is left out.
func TestEverythingIsInAFileOrNamed(t *testing.T) {
	schema := schemaOf(lines(t)...)
	r := Make(schema)
	if len(r.Files)+len(r.LeftOut) != len(schema.Objects) {
		t.Errorf("%d files and %d left out, of %d", len(r.Files), len(r.LeftOut), len(schema.Objects))
	}
	for _, f := range r.Files {
		for _, op := range f.Migration.Forward {
			if err := op.Check(); err != nil {
				t.Error(err)
			}
		}
	}
}

// An old server shows passwords: none comes into a file.
func TestPasswordsThatAServerShowsAreInNoFile(t *testing.T) {
	schema := schemaOf(
		"CREATE TABLE default.m (`id` UInt64) ENGINE = MySQL('db:3306', 'd', 't', 'u', 'hunter2')",
		"CREATE VIEW default.v (`id` UInt64) AS SELECT * FROM remote('h', 'd', 't', 'u', 'hunter2')",
		"CREATE TABLE default.k (`id` UInt64) ENGINE = Kafka SETTINGS kafka_broker_list = 'k:9092', kafka_sasl_password = 'hunter2'",
		"CREATE TABLE default.u (`id` UInt64) ENGINE = Something('http://u:hunter2@host/')",
		"CREATE TABLE default.w (`id` UInt64) ENGINE = URL('http://u:hunter2@host/x.csv', CSV)",
		"CREATE TABLE default.fine (`id` UInt64, `remote` String) ENGINE = MergeTree ORDER BY id",
	)
	schema.Version = ops.Version{Major: 18, Minor: 16}
	r := Make(schema)
	text := said(t, r)
	if strings.Contains(text, "hunter2") {
		t.Error(text)
	}
	var secrets, left []string
	for _, f := range r.Files {
		secrets = append(secrets, f.Secrets...)
	}
	for _, note := range r.LeftOut {
		left = append(left, note.Name)
	}
	if diff := cmp.Diff([]string{"k_kafka_sasl_password", "u_secret", "w_secret"}, secrets); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"m", "v"}, left); diff != "" {
		t.Error(diff)
	}
}

func TestWhereATableIsMade(t *testing.T) {
	const table, dist = "CREATE TABLE default.t (`id` UInt64) ENGINE = Log", "CREATE TABLE default.t (`id` UInt64) ENGINE = Distributed('events', 'default', 'x')"
	for name, test := range map[string]struct {
		create       string
		local, query []string
		on           []string
		want         []ops.Target
	}{
		"one set of nodes":                         {table, []string{"a", "b"}, []string{"a", "b"}, []string{"a", "b"}, []ops.Target{ops.Local}},
		"one set of nodes, Distributed":            {dist, []string{"a", "b"}, []string{"a", "b"}, []string{"a", "b"}, []ops.Target{ops.Distributed}},
		"two sets, local":                          {table, []string{"a", "b"}, []string{"c"}, []string{"a", "b"}, []ops.Target{ops.Local}},
		"two sets, query":                          {table, []string{"a", "b"}, []string{"c"}, []string{"c"}, []ops.Target{ops.Distributed}},
		"two sets, both":                           {table, []string{"a", "b"}, []string{"c"}, []string{"a", "b", "c"}, []ops.Target{ops.Local, ops.Distributed}},
		"two sets, Distributed on both":            {dist, []string{"a", "b"}, []string{"c"}, []string{"a", "b", "c"}, []ops.Target{ops.Local, ops.Distributed}},
		"query nodes among the local, Distributed": {dist, []string{"a", "b"}, []string{"a"}, []string{"a"}, []ops.Target{ops.Distributed}},
		"query nodes among the local, on all":      {dist, []string{"a", "b"}, []string{"a"}, []string{"a", "b"}, []ops.Target{ops.Local}},
		"query nodes among the local, a table":     {table, []string{"a", "b"}, []string{"a"}, []string{"a"}, []ops.Target{ops.Distributed}},
		"one node of several":                      {table, []string{"a", "b"}, []string{"a", "b"}, []string{"b"}, []ops.Target{ops.Local}},
	} {
		schema := schemaOf(test.create)
		schema.Local, schema.Query, schema.Objects[0].Nodes = test.local, test.query, test.on
		m := &maker{schema: schema}
		if diff := cmp.Diff(test.want, m.targets(schema.Objects[0], false)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzMake(f *testing.F) {
	text, err := os.ReadFile("testdata/tables.sql")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f.Add(strings.TrimSpace(line))
	}
	f.Fuzz(func(t *testing.T, create string) {
		nodes := []string{"a"}
		r := Make(Schema{
			Set: "events", Database: "default", Local: nodes, Query: nodes, Version: ops.Version{Major: 26, Minor: 7},
			Envs:    map[ops.Target]ops.Env{ops.Local: env(), ops.Distributed: env()},
			Objects: []Object{{Name: "t", Create: create, Nodes: nodes}},
		})
		if len(r.Files)+len(r.LeftOut) != 1 {
			t.Errorf("%d files, %d left out", len(r.Files), len(r.LeftOut))
		}
	})
}

package ops_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
)

var update = flag.Bool("update", false, "write the golden files")

// environments are the nodes that each golden is rendered for.
func environments() []struct {
	name string
	env  ops.Env
} {
	features := map[ops.Feature]bool{}
	for _, feature := range ops.Features() {
		features[feature] = true
	}
	cluster := ops.Env{
		LocalCluster: "skein_local", DistCluster: "skein_dist", Database: "default",
		Features: features, Version: ops.Version{Major: 26, Minor: 7, Patch: 2},
	}
	// What statements pin, where a node knows it.
	cluster.Settings = map[string]bool{
		"materialize_ttl_after_modify": true, "alter_update_mode": true, "lightweight_delete_mode": true,
		"lightweight_deletes_sync": true, "insert_distributed_sync": true,
		"ignore_on_cluster_for_replicated_access_entities_queries":   true,
		"ignore_on_cluster_for_replicated_udf_queries":               true,
		"ignore_on_cluster_for_replicated_named_collections_queries": true,
	}
	cluster.Variables = map[string]string{"TTL_DAYS": "30", "TOPIC": "it's"}
	single := cluster
	single.SingleNode, single.LocalCluster, single.DistCluster = true, "", ""
	old := cluster
	old.Features, old.Settings, old.Version = nil, nil, ops.Version{Major: 18, Minor: 16, Patch: 1}
	configured := cluster
	configured.Database, configured.ReplicaMacro, configured.UnshardedReplica = "my db", "{host}", "{shard}-{host}"
	configured.Paths = map[string]string{"my db.events_local": "/elsewhere/{shard}/events"}
	return []struct {
		name string
		env  ops.Env
	}{{"single node", single}, {"2x2", cluster}, {"2x2 without any feature", old}, {"2x2, configured", configured}}
}

func TestGoldens(t *testing.T) {
	wanted := map[string]bool{}
	for name, op := range operations() {
		file := filepath.Join("testdata", name+".golden")
		wanted[file] = true
		t.Run(name, func(t *testing.T) {
			if err := op.Check(); err != nil {
				t.Fatalf("Check: %v", err)
			}
			got := render(t, op)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (make it with -update)", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got), -update accepts it:\n%s", file, diff)
			}
		})
	}
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !wanted[file] {
			t.Errorf("%s belongs to no operation of the test: remove it", file)
		}
	}
}

// TestEveryKindHasAGolden holds that no operation goes untested.
func TestEveryKindHasAGolden(t *testing.T) {
	rendered := map[string]bool{}
	for _, op := range operations() {
		rendered[ops.KindOf(op)] = true
	}
	for kind := range ops.Kinds() {
		if !rendered[kind] {
			t.Errorf("no golden renders %s", kind)
		}
	}
}

// render writes all that an operation says: its canonical form, its inverse
// and its statements for each kind of nodes.
func render(t *testing.T, op ops.Operation) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", ops.Describe(op), canonical(t, op))
	if inverter, ok := op.(ops.Inverter); ok {
		inverse, err := inverter.Inverse()
		switch {
		case err != nil:
			fmt.Fprintf(&b, "inverse: error: %v\n", err)
		case inverse == nil:
			b.WriteString("inverse: nothing to undo\n")
		default:
			fmt.Fprintf(&b, "inverse: %s\n", canonical(t, inverse))
		}
	}
	for _, at := range environments() {
		fmt.Fprintf(&b, "\n== %s\n", at.name)
		statements, err := op.Statements(at.env)
		var unsupported *ops.UnsupportedError
		switch {
		case errors.As(err, &unsupported):
			fmt.Fprintf(&b, "unsupported: %v\n", unsupported)
		case err != nil:
			fmt.Fprintf(&b, "error: %v\n", err)
		case len(statements) == 0:
			b.WriteString("nothing\n")
		}
		cluster := at.env.LocalCluster
		for _, stmt := range statements {
			if stmt.Place.Target == ops.Distributed {
				cluster = at.env.DistCluster
			}
			writeStatement(&b, stmt, cluster)
		}
	}
	return b.String()
}

func canonical(t *testing.T, op ops.Operation) string {
	t.Helper()
	text, err := ops.Canonical(op)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeStatement(b *strings.Builder, stmt ops.Statement, cluster string) {
	if stmt.Direct {
		cluster = ""
	}
	fmt.Fprintf(b, "-- %s\n%s\n", stmt.Summary, stmt.SQL(cluster))
	fmt.Fprintf(b, "-- %s, %s; reads %v, writes %v\n", stmt.Place.Target, stmt.Scope, stmt.Reads, stmt.Writes)
	if stmt.Storage != "" {
		fmt.Fprintf(b, "-- stored in %s\n", stmt.Storage)
	}
	if stmt.Traits != (ops.Traits{}) || len(stmt.Settings) > 0 {
		fmt.Fprintf(b, "-- traits %s, settings %v\n", compact(stmt.Traits), stmt.Settings)
	}
	if stmt.Creates != nil {
		fmt.Fprintf(b, "-- creates %s\n", compact(*stmt.Creates))
	}
	for _, condition := range stmt.Needs {
		fmt.Fprintf(b, "-- needs %T of %s\n", condition, condition.Subject())
	}
	for _, condition := range stmt.After {
		fmt.Fprintf(b, "-- after %T of %s: %s\n", condition, condition.Subject(), compact(condition))
	}
}

// compact prints what is set in a value, so that goldens stay as they are when
// a type gains a field.
func compact(value any) string {
	if table, ok := value.(ops.Table); ok {
		return table.String()
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Struct:
		var parts []string
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				parts = append(parts, v.Type().Field(i).Name+":"+compact(v.Field(i).Interface()))
			}
		}
		return "{" + strings.Join(parts, " ") + "}"
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = compact(v.Index(i).Interface())
		}
		return "[" + strings.Join(parts, " ") + "]"
	case reflect.String:
		return strconv.Quote(v.String())
	}
	return fmt.Sprint(value)
}

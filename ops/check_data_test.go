package ops_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
)

// TestDataOperationsRefuse: each says what to write instead.
func TestDataOperationsRefuse(t *testing.T) {
	table, self := local("t"), local("t")
	foreign := ops.Table{Place: ops.Place{StorageSet: "other", Target: ops.Local}, Name: "s"}
	set := func(columns ...string) ops.Update {
		o := ops.Update{Table: table, Where: "1"}
		for _, column := range columns {
			o.Set = append(o.Set, ops.Assignment{Column: column, Expression: "1"})
		}
		return o
	}
	for _, test := range []struct {
		op   ops.Operation
		want string
	}{
		{ops.Update{Table: table, Set: set("a").Set}, `"1" means all rows`},
		{ops.Update{Table: table, Set: set("a").Set, Where: " \n"}, `"1" means all rows`},
		{set(), "list at least one column"},
		{set(""), "set Column"},
		{set("a", "b", "a"), "a twice"},
		{ops.Update{Table: table, Where: "1", Set: []ops.Assignment{{Column: "a", Expression: " "}}}, "set Expression"},
		{ops.Update{Table: table, Where: "1", Set: set("a").Set, Reads: []ops.Table{{}}}, "no table"},
		{ops.Delete{Table: table}, `"1" means all rows`},
		{ops.Delete{Table: table, Where: "1", Reads: []ops.Table{{}}}, "no table"},
		{ops.LightweightDelete{Table: table}, `"1" means all rows`},
		{ops.LightweightDelete{Table: table, Where: "1", Reads: []ops.Table{{}}}, "no table"},

		{ops.InsertSelect{Into: table}, "set Query"},
		{ops.InsertSelect{Query: "SELECT 1"}, "no storage set"},
		{ops.InsertSelect{Into: table, Query: "SELECT 1", Reads: []ops.Table{{}}}, "no table"},
		{ops.InsertSelect{Into: table, Query: "SELECT 1", Columns: []string{""}}, "leave Columns out"},
		{ops.InsertSelect{Into: table, Query: "SELECT 1", Settings: []ops.Setting{{Value: "1"}}}, "set Name"},
		{ops.Optimize{Table: table, DeduplicateBy: "id"}, "set both"},
		{ops.Optimize{Table: table, Partition: "all"}, "for all"},

		{ops.AttachPartition{Table: table, Partition: "ALL", From: &ops.Table{Name: "s"}}, "one partition at a time"},
		{ops.AttachPartition{Table: table, Partition: "1", From: &self}, "From is the same table"},
		{ops.AttachPartition{Table: table, From: &ops.Table{Name: "s"}}, "set Partition"},
		{ops.ReplacePartition{Table: table, Partition: "1"}, "its From: no table"},
		{ops.ReplacePartition{Table: table, Partition: "1", From: ops.Table{Name: "t"}}, "From is the same table"},
		{ops.ReplacePartition{Table: table, Partition: "1", From: foreign}, "same storage set"},
		{ops.ReplacePartition{Table: table, Partition: "1", From: dist("s")}, "same storage set and target"},
		{ops.ReplacePartition{Table: table, Partition: "ALL", From: local("s")}, "one partition at a time"},
		{ops.MovePartition{Table: table, Partition: "1"}, "set ToTable, ToDisk or ToVolume"},
		{ops.MovePartition{Table: table, Partition: "1", ToDisk: "a", ToVolume: "b"}, "one place to move to"},
		{ops.MovePartition{Table: table, Partition: "1", ToTable: &self}, "ToTable is the same table"},
		{ops.MovePartition{Table: table, Partition: "1", ToTable: &foreign}, "same storage set"},
		{ops.MovePartition{Table: table, Partition: "1", ToTable: &ops.Table{Name: "s"}, WasDisk: "a"}, "leave them out"},
		{ops.MovePartition{Table: table, Partition: "ALL", ToDisk: "a"}, "one partition at a time"},
		{ops.MovePartition{Table: table, Partition: "1", ToDisk: "a", WasDisk: "a"}, "nothing to change"},
		{ops.MovePartition{Table: table, Partition: "1", ToDisk: "a", WasDisk: "b", WasVolume: "c"}, "leave one out"},
		{ops.FreezePartition{Table: table, Partition: "ALL"}, "leave Partition out"},
		{ops.UnfreezePartition{Table: table, Partition: "ALL", Name: "b"}, "leave Partition out"},
		{ops.UnfreezePartition{Table: table}, "set Name"},
	} {
		if err := test.op.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v\n got  %v\n want an error with %q", test.op, err, test.want)
		}
	}
}

// TestDataOperationsRefuseDistributed: rows are in the LOCAL table; InsertSelect
// alone goes through the Distributed one.
func TestDataOperationsRefuseDistributed(t *testing.T) {
	refused := 0
	for name, op := range dataOperations() {
		v := reflect.New(reflect.TypeOf(op)).Elem()
		v.Set(reflect.ValueOf(op))
		field := v.FieldByName("Table")
		if !field.IsValid() {
			continue
		}
		refused++
		field.Set(reflect.ValueOf(dist("events_dist")))
		changed, _ := v.Interface().(ops.Operation)
		if err := changed.Check(); err == nil || !strings.Contains(err.Error(), "name its LOCAL table") {
			t.Errorf("%s of a Distributed table: %v", name, err)
		}
	}
	if want := len(dataOperations()) - 3; refused != want {
		t.Errorf("%d operations were tried, want %d", refused, want)
	}
}

// TestPartitionsMustBeNamed: none, or white space, is not all.
func TestPartitionsMustBeNamed(t *testing.T) {
	for _, partition := range []string{"", " "} {
		for _, op := range []ops.Operation{
			ops.DropPartition{Table: local("t"), Partition: partition},
			ops.DetachPartition{Table: local("t"), Partition: partition},
			ops.AttachPartition{Table: local("t"), Partition: partition},
			ops.ReplacePartition{Table: local("t"), Partition: partition, From: local("s")},
			ops.MovePartition{Table: local("t"), Partition: partition, ToDisk: "d"},
		} {
			if err := op.Check(); err == nil || !strings.Contains(err.Error(), "set Partition") {
				t.Errorf("%T with partition %q: %v", op, partition, err)
			}
		}
	}
}

// TestDataOperationsWithoutAWayBack say why.
func TestDataOperationsWithoutAWayBack(t *testing.T) {
	table := local("t")
	for want, irreversible := range map[string][]ops.Inverter{
		"rows that are gone": {
			ops.Delete{Table: table},
			ops.LightweightDelete{Table: table},
			ops.DropPartition{Table: table},
			ops.ReplacePartition{Table: table},
			ops.Optimize{Table: table, Deduplicate: true},
		},
		"not told apart": {ops.InsertSelect{Into: table}, ops.AttachPartition{Table: table, From: &table}},
		"another Update": {ops.Update{Table: table}},
		"set WasDisk":    {ops.MovePartition{Table: table, ToDisk: "d"}},
		"set Name":       {ops.FreezePartition{Table: table}},
		"does not come":  {ops.UnfreezePartition{Table: table, Name: "b"}},
	} {
		for _, op := range irreversible {
			_, err := op.Inverse()
			var none *ops.IrreversibleError
			if !errors.As(err, &none) || !strings.Contains(none.Why, want) {
				t.Errorf("%T: %v, want an *IrreversibleError with %q", op, err, want)
			}
		}
	}
	if inverse, err := (ops.Optimize{Table: table, Final: true}).Inverse(); inverse != nil || err != nil {
		t.Errorf("Optimize: %v, %v: want nothing to undo", inverse, err)
	}
}

// TestDataOperationsPinSettings where servers know them, and let an author's win.
func TestDataOperationsPinSettings(t *testing.T) {
	env := environments()[1].env
	env.Settings = map[string]bool{
		"alter_update_mode": true, "lightweight_delete_mode": true, "lightweight_deletes_sync": true, "insert_distributed_sync": true,
	}
	own := ops.Setting{Name: "insert_distributed_sync", Value: "0"}
	for _, test := range []struct {
		op   ops.Operation
		want []ops.Setting
	}{
		{ops.Update{Table: local("t"), Where: "1"}, []ops.Setting{{Name: "alter_update_mode", Value: "heavy"}}},
		{ops.LightweightDelete{Table: local("t"), Where: "1"}, []ops.Setting{
			{Name: "lightweight_delete_mode", Value: "alter_update"},
			{Name: "alter_update_mode", Value: "heavy"},
			{Name: "lightweight_deletes_sync", Value: "0"},
		}},
		{ops.InsertSelect{Into: dist("d"), Query: "SELECT 1", Settings: []ops.Setting{own}}, []ops.Setting{
			{Name: "insert_distributed_sync", Value: "1"}, own,
		}},
		{ops.InsertSelect{Into: local("t"), Query: "SELECT 1"}, nil},
	} {
		statements, err := test.op.Statements(env)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, statements[0].Settings); diff != "" {
			t.Errorf("%T (-want +got):\n%s", test.op, diff)
		}
	}
}

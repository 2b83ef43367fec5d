package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/danger"
)

// UNION ALL gives its rows in any order: they mean the same.
func TestHoldingIsReadInAnyOrder(t *testing.T) {
	rows := [][]string{
		{limitsUser, danger.MaxTableSizeToDrop, "7", "", "", "", ""},
		{limitsServer, danger.MaxTableSizeToDrop, "50", "", "", "", ""},
		{holdsPartition, "a.t", "202601", "x1", "10", "1000", ""},
		{holdsPartition, "a.t", "('x','y')", "x2", "5", "500", ""},
		{holdsColumn, "a.t", "v", "UInt8", "", "30", ""},
		{holdsColumn, "a.gone", "v", "UInt8", "", "30", ""},
		{holdsReplica, "a.t", "/t", "", "", "", ""},
		{holdsTable, "a.t", "ReplicatedMergeTree", "99", "9", "CREATE TABLE a.t (`v` UInt8 TTL d + toIntervalDay(1)) ENGINE = MergeTree", ""},
		{holdsTable, "a.memory", "Memory", "3", "", "", ""},
		{holdsTable, "a.log", "Log", "", "", "", ""},
		{holdsTable, "a.view", "View", "", "", "", ""},
	}
	for range 2 {
		have, err := holdingOf(rows)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]danger.Amount{
			"a.t": {Known: true, Rows: 15, Bytes: 1500}, "a.memory": {Known: true, Rows: 3}, "a.log": {}, "a.view": {Known: true},
		}
		amounts := map[string]danger.Amount{}
		for name, table := range have.Tables {
			amounts[name] = table.Amount
		}
		if diff := cmp.Diff(want, amounts); diff != "" {
			t.Error(diff)
		}
		table := have.Tables["a.t"]
		if diff := cmp.Diff(danger.ColumnHolding{Type: "UInt8", TTL: "d + toIntervalDay(1)", Bytes: 30}, table.Columns["v"]); diff != "" {
			t.Error(diff)
		}
		if table.Path != "/t" || table.Partitions["(x,y)"].Rows != 5 || table.Partitions["ID x1"].Rows != 10 {
			t.Errorf("have path %q and partitions %v", table.Path, table.Partitions)
		}
		if limit := have.Limits[danger.MaxTableSizeToDrop]; limit.Bytes != 7 || limit.Assumed {
			t.Errorf("limit %v, want the user's", limit)
		}
		for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
			rows[i], rows[j] = rows[j], rows[i]
		}
	}
}

package cluster

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/watch"
)

// Rows as 26.7 has them; one entry has been finished by all, one concerns nobody here.
func TestUnfinishedEntriesOfTheQueueTable(t *testing.T) {
	at := time.Unix(1795262453, 0).UTC()
	have := openEntries([][]string{
		{"query-1", "CREATE", "a", "9000", "Finished", "0", "", "1795262453"},
		{"query-1", "CREATE", "b", "9000", "Inactive", "", "", "1795262453"},
		{"query-1", "CREATE", "elsewhere", "9000", "Inactive", "", "", "1795262453"},
		{"query-2", "DROP", "a", "9000", "Finished", "60", "Code: 60. DB::Exception: no such table (version 26.7.2.1)", "1795262453"},
		{"query-2", "DROP", "b", "9000", "Active", "", "", "1795262453"},
		{"query-3", "ALTER", "a", "9000", "Finished", "0", "", "1795262453"},
		{"query-3", "ALTER", "b", "9000", "Finished", "57", "no", "1795262453"},
		{"query-4", "X", "elsewhere", "9000", "Inactive", "", "", "1795262453"},
	}, func(node string) bool { return node != "elsewhere:9000" })
	want := []watch.Entry{
		{Name: "query-1", Query: "CREATE", Since: &at, Hosts: []watch.EntryHost{
			{Node: "a:9000", State: watch.HostFinished}, {Node: "b:9000", State: watch.HostWaiting},
		}},
		{Name: "query-2", Query: "DROP", Since: &at, Hosts: []watch.EntryHost{
			{Node: "a:9000", State: watch.HostFinished, Error: "no such table"}, {Node: "b:9000", State: watch.HostActive},
		}},
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMoments(t *testing.T) {
	for _, text := range []string{"", "0", "-1", "x"} {
		if at := moment(text); at != nil {
			t.Errorf("%q is %s", text, at)
		}
	}
}

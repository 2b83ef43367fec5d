package cli

import (
	"bytes"
	"testing"

	"github.com/skein-migrate/skein/compare"
)

func compared() []compare.Report {
	nodes := []string{"ch-1a:9000", "ch-1b:9000", "ch-2a:9000", "ch-2b:9000"}
	of := func(table, node, what, has, most string, others ...string) compare.Difference {
		return compare.Difference{
			Name: compare.Name{Database: "default", Table: table}, Node: node, What: what, Has: has, Most: most, MostNodes: others,
		}
	}
	const query = "SELECT project_id, toStartOfHour(timestamp) AS hour, count() AS events, uniq(user_id) AS users FROM default.events_local GROUP BY "
	return []compare.Report{
		{
			Cluster: "events", Nodes: nodes, Silent: []compare.Silent{}, Tables: 12, Differences: []compare.Difference{
				of("events_dist", "ch-2b:9000", "table", "", "Distributed", nodes[:3]...),
				of("events_local", "ch-1b:9000", "column extra", "String DEFAULT 'x'", "", "ch-1a:9000", "ch-2a:9000", "ch-2b:9000"),
				of("events_local", "ch-1b:9000", "ORDER BY", "(id, extra)", "id", "ch-1a:9000", "ch-2a:9000", "ch-2b:9000"),
				of("events_mv", "ch-1a:9000", "query", query+"project_id, hour", query+"hour, project_id", nodes[1:]...),
				of("events_old", "ch-9:9000", "table", "Log", "", nodes...),
			},
		},
		{
			Cluster: "transactions", Nodes: nodes[:2], Tables: 1, Differences: []compare.Difference{of("t", nodes[1], "engine", "Log", "TinyLog", nodes[0])},
			Silent:   []compare.Silent{{Node: "ch-2a:9000", Why: "does not answer: connection refused"}},
			Versions: map[string]string{"ch-1a:9000": "26.7.2", "ch-1b:9000": "26.8.1"},
		},
		{Cluster: "same", Nodes: nodes, Silent: []compare.Silent{}, Tables: 1, Differences: []compare.Difference{}},
		{Cluster: "single", Nodes: nodes[:1], Silent: []compare.Silent{}, Tables: 3, Differences: []compare.Difference{}},
		{Cluster: "cut", Nodes: nodes[:1], Silent: []compare.Silent{{Node: nodes[1], Why: "does not answer: timeout"}}, Tables: 3},
	}
}

func TestVerifyText(t *testing.T) {
	var out bytes.Buffer
	printReports(&out, compared())
	golden(t, "verify.txt", out.String())
}

func TestVerifyJSON(t *testing.T) {
	var out bytes.Buffer
	if err := writeJSON(&out, map[string]any{"clusters": compared()[:2]}); err != nil {
		t.Fatal(err)
	}
	golden(t, "verify.json", out.String())
}

func TestVerifyExitCodes(t *testing.T) {
	all := compared()
	for _, test := range []struct {
		name    string
		reports []compare.Report
		code    int
		stderr  string
	}{
		{"no difference", all[2:4], exitDone, ""},
		{"a difference", all[:1], exitDiffer, ""},
		{"a node that does not answer", all[4:], exitPreflight, "skein: cluster \"cut\": 1 of 2 nodes could not be read: whether they have the same schema is not known\n"},
		{
			"both", all[:2], exitPreflight,
			"skein: cluster \"transactions\": 1 of 3 nodes could not be read: whether they have the same schema is not known\n" +
				"5 of 13 tables differ between nodes\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := judged(test.reports)
			if err == nil {
				if test.code != exitDone {
					t.Fatal("no error")
				}
				return
			}
			code := exitCode(err, true)
			if text := printed(err, code); code != test.code || text != test.stderr {
				t.Errorf("exit %d, %q; want %d, %q", code, text, test.code, test.stderr)
			}
		})
	}
}

func TestLongTextsAreCutWhereTheyDiffer(t *testing.T) {
	long := "SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z FROM somewhere WHERE one = 1"
	one, two := clipped(long, long+" AND two = 2")
	if one != "…ewhere WHERE one = 1" {
		t.Errorf("%q", one)
	}
	if two != "…ewhere WHERE one = 1 AND two = 2" {
		t.Errorf("%q", two)
	}
	if one, two := clipped("", "a\n  b"); one != "" || two != "a b" {
		t.Errorf("%q, %q", one, two)
	}
}

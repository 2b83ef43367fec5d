package doctor

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// node is a healthy one of a 2×2 cluster.
func node(i int) Node {
	shard, replica := (i+1)/2, (i+1)%2+1
	members := func(perShard int) []journal.Node {
		var out []journal.Node
		for j := 1; j <= 4; j++ {
			out = append(out, journal.Node{Host: fmt.Sprintf("ch-%d", j), Port: 9000, Shard: (j + perShard - 1) / perShard, Replica: 1})
		}
		return out
	}
	return Node{
		Name: fmt.Sprintf("ch-%d:9000", i), Shard: shard, Unread: map[Part]string{}, Version: "24.8.1.1",
		Macros: map[string]string{"shard": fmt.Sprint(shard), "replica": fmt.Sprintf("s%dr%d", shard, replica)}, FreeKnown: true, Free: 1000,
		Clusters: map[string][]journal.Node{"events": members(2), "events_dist": members(1)},
	}
}

func healthy() Facts {
	c := Cluster{Name: "dev", LocalName: "events", QueryName: "events_dist"}
	for i := 1; i <= 4; i++ {
		c.Nodes = append(c.Nodes, node(i))
	}
	return Facts{
		Clusters: []Cluster{c}, Lock: Lock{Kind: "zookeeper", Server: "zk-1:2181"}, State: State{Of: 4, Migrations: 3},
	}
}

// judged runs one check and writes its findings as short lines.
func judged(t *testing.T, name string, f Facts, limits Limits) []string {
	t.Helper()
	checks := Checks()
	at := slices.IndexFunc(checks, func(check Check) bool { return check.Name == name })
	var out []string
	for _, finding := range Judge(checks[at:at+1], f, limits) {
		if finding.Severity != OK && finding.Severity != Skipped && finding.Do == "" {
			t.Errorf("it does not say what to do about: %s", finding.Words())
		}
		out = append(out, string(finding.Severity)+" "+finding.Words())
	}
	return out
}

func TestHealthyClusterHasNothingWrong(t *testing.T) {
	for _, finding := range Judge(Checks(), healthy(), Limits{}) {
		if finding.Severity != OK || finding.Found == "" {
			t.Errorf("%+v", finding)
		}
	}
}

// What a check makes of what is wrong with one cluster. What only real servers can
// show is in integration/doctor.
func TestChecks(t *testing.T) {
	for _, test := range []struct {
		check string
		wrong func(*Facts)
		want  []string
	}{
		{"connection", func(f *Facts) { f.Clusters[0].Nodes[1].Silent = "connection refused" }, []string{"error dev: ch-2:9000: does not answer: connection refused"}},
		{"connection", func(f *Facts) { f.Clusters[0] = Cluster{Name: "dev", Closed: "no host answers"} }, []string{"error dev: no host answers"}},
		{"connection", func(f *Facts) { f.Clusters[0].Strangers = []Stranger{{"lb:9000", ""}} }, []string{"ok 4 nodes answer"}},
		{"versions", func(f *Facts) { f.Clusters[0].Nodes[3].Version = "23.3.2.1" }, []string{
			"warning dev: nodes run different versions: 23.3.2.1 on ch-4:9000; 24.8.1.1 on ch-1:9000, ch-2:9000, ch-3:9000",
		}},
		{"clock", func(f *Facts) { f.Clusters[0].Nodes[0].Ahead = 42 * time.Second }, []string{"warning dev: ch-1:9000: its clock is about 42s ahead of ch-3:9000's"}},
		{"clock", func(f *Facts) {
			f.Clusters[0].Nodes[0].Ahead = 6 * time.Second
			f.Clusters[0].Nodes[0].Precision = 2 * time.Second // it took so long to answer
		}, []string{"ok 4 nodes within 5s"}},
		{"clock", func(f *Facts) {
			for i := range f.Clusters[0].Nodes { // our own is wrong
				f.Clusters[0].Nodes[i].Ahead = time.Hour
			}
		}, []string{"ok 4 nodes within 5s"}},
		{"topology", func(f *Facts) { delete(f.Clusters[0].Nodes[2].Clusters, "events_dist") }, []string{
			"error dev: ch-3:9000: has no cluster events_dist, while ch-1:9000, ch-2:9000, ch-4:9000 have",
		}},
		{"topology", func(f *Facts) {
			for i := range f.Clusters[0].Nodes {
				for _, name := range []string{"events", "events_dist"} {
					f.Clusters[0].Nodes[i].Clusters[name] = f.Clusters[0].Nodes[i].Clusters[name][:3]
				}
			}
		}, []string{"error dev: ch-4:9000: is in no node's system.clusters any more"}},
		{"replicas", func(f *Facts) {
			for i := range 9 {
				f.Clusters[0].Inactive = append(f.Clusters[0].Inactive, journal.InactiveReplica{
					Database: "d", Table: fmt.Sprint("t", i), Active: 3, Total: 4, Nodes: []journal.InactiveDetail{{Node: "ch-4:9000", Why: "read-only"}},
				})
			}
		}, []string{"error dev: d.t0, d.t1, d.t2 and 6 more: 3 of 4 replicas active ch-4:9000  read-only"}},
		{"replicas", func(f *Facts) { // ZooKeeper is down: no node knows of any replica
			f.Clusters[0].Inactive = []journal.InactiveReplica{{
				Database: "d", Table: "t", Nodes: []journal.InactiveDetail{{Node: "ch-4:9000", Why: "read-only, session expired"}},
			}}
		}, []string{"error dev: d.t: 0 of ? replicas active ch-4:9000  read-only, session expired"}},
		{"replication-queue", func(f *Facts) {
			f.Clusters[0].Nodes[0].Queues = []Queue{{Table: "d.t", Length: 3, Delay: 90 * time.Minute}}
		}, []string{
			"warning dev: ch-1:9000: d.t: 1h30m behind the other replicas",
		}},
		{"ddl-queue", func(f *Facts) { f.Clusters[0].DDL.Open = make([]DDLEntry, 101) }, []string{
			"warning dev: 101 entries of the distributed DDL queue are unfinished",
		}},
		{"coordination", func(f *Facts) { f.Lock = Lock{Kind: "none"} }, []string{"warning coordination.lock is none: nothing keeps two runs apart"}},
		{"coordination", func(f *Facts) { f.Lock.Latency = 3 * time.Second }, []string{"warning skein's lock (zk-1:2181) answered after 3s"}},
		{"mutations", func(f *Facts) {
			for i := range 2 { // replicas share a mutation
				f.Clusters[0].Nodes[i].Mutations = []Mutation{{Table: "d.t", ID: "0000000001", Failure: "Cannot parse"}}
			}
		}, []string{"error dev: mutation 0000000001 of d.t fails on ch-1:9000, ch-2:9000 Cannot parse"}},
		{"disk", func(f *Facts) { f.Plan.Rewrites = map[string]map[string]uint64{"dev": {"ch-2:9000": 1001}} }, []string{
			"error dev: ch-2:9000: the plan rewrites up to 1.0 kB, and 1.0 kB are free",
		}},
		{"disk", func(f *Facts) {
			for i := range f.Clusters[0].Nodes {
				f.Clusters[0].Nodes[i].FreeKnown = false
			}
		}, []string{"skipped servers this old do not tell how much is free (system.disks)"}},
		{"state", func(f *Facts) { f.State.Missing = []string{"ch-2:9000"} }, []string{
			"warning the state tables are missing on ch-2:9000, and nowhere have rows: a first run was cut short",
		}},
		{"state", func(f *Facts) {
			f.State.InProgress = []Open{{Key: journal.Key{Group: "events", ID: "0001"}, Step: 1, Of: 2}}
			f.Lock.Holder = &journal.Holder{RunID: "R", User: "deploy", Host: "ci"}
		}, []string{"ok events/0001 is in progress since 0001-01-01 00:00:00, step 1 of 2, and run R (deploy@ci) holds the lock"}},
		{"grants", func(f *Facts) { f.Clusters[0].Nodes[0].Unread[PartGrants] = "497 not enough" }, []string{
			"warning dev: ch-1:9000: could not be looked at: 497 not enough",
		}},
	} {
		f := healthy()
		test.wrong(&f)
		if diff := cmp.Diff(test.want, judged(t, test.check, f, Limits{})); diff != "" {
			t.Errorf("%s (-want +have):\n%s", test.check, diff)
		}
	}
}

// Without a single node that answers no check says that something is fine.
func TestNothingIsFineWhereNothingAnswers(t *testing.T) {
	f := Facts{Clusters: []Cluster{{Name: "dev", Closed: "no host answers"}}, Lock: Lock{Kind: "zookeeper", Problem: "no answer"}, State: State{Problem: "no answer"}}
	for i := range 2 {
		if i == 1 {
			f = healthy()
			f.Lock.Problem, f.State, f.Clusters[0].DDL.Problem, f.Clusters[0].Tables.Problem = "no answer", State{Problem: "no answer"}, "no node", "no node"
			for i := range f.Clusters[0].Nodes {
				f.Clusters[0].Nodes[i] = Node{Name: f.Clusters[0].Nodes[i].Name, Shard: f.Clusters[0].Nodes[i].Shard, Silent: "no answer"}
			}
		}
		for _, finding := range Judge(Checks(), f, Limits{}) {
			if finding.Severity == OK {
				t.Errorf("%s: %s", finding.Check, finding.Words())
			}
		}
	}
}

func TestWorstComesFirst(t *testing.T) {
	f := healthy()
	f.State.Problem = "cannot be read"
	f.Clusters[0].Nodes[0].Version = "23.3.2.1"
	f.Clusters[0].Nodes[0].Grants.None = "old"
	findings := Judge(Checks(), f, Limits{})
	if !slices.IsSortedFunc(findings, func(a, b Finding) int {
		return slices.Index(Severities(), a.Severity) - slices.Index(Severities(), b.Severity)
	}) {
		t.Errorf("%+v", findings)
	}
	if findings[0].Check != "state" || findings[1].Check != "versions" {
		t.Errorf("first come %s and %s", findings[0].Check, findings[1].Check)
	}
}

// The table in docs/doctor.md is written from the checks, and each names its proof.
func TestDocumentedChecks(t *testing.T) {
	const file, begin, end = "../docs/doctor.md", "<!-- checks: go test ./doctor -update -->\n", "<!-- end of checks -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begun := strings.Cut(string(text), begin)
	have, tail, ended := strings.Cut(rest, end)
	if !begun || !ended {
		t.Fatalf("%s has no %q", file, begin)
	}
	var b strings.Builder
	b.WriteString("| check | finds at worst | looks at | what to do | before a change | test |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, check := range Checks() {
		before := check.Before
		if before == "" {
			before = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", check.Name, check.Worst, check.Looks, check.Do, before, check.Proof)
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(have, b.String()); diff != "" {
		t.Errorf("%s is not what the code says (-have +want), see make golden:\n%s", file, diff)
	}
}

// Each test that a check names as its proof exists.
func TestProofsExist(t *testing.T) {
	var tests strings.Builder
	dir := "../integration/doctor"
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(dir + "/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(text)
	}
	for _, check := range Checks() {
		for word := range strings.FieldsSeq(check.Proof) {
			word = strings.Trim(word, ",.:")
			if strings.HasPrefix(word, "Test") && !strings.Contains(tests.String(), "func "+word+"(") {
				t.Errorf("%s: there is no %s", check.Name, word)
			}
		}
	}
}

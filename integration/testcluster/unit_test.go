package testcluster

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestParseStatSurvivesBracketsInTheName(t *testing.T) {
	got, err := parseStat("4242 (a) S (b) R 1 1 1 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 9 0 987654 1 1")
	if want := (stat{state: 'R', threads: 9, start: 987654}); err != nil || got != want {
		t.Errorf("parseStat: %+v, %v; want %+v", got, err, want)
	}
	if _, err := parseStat("4242 (short) R 1"); err == nil {
		t.Error("a short line was accepted")
	}
}

func TestAReusedNumberIsNotTheSameProcess(t *testing.T) {
	id, err := identify(os.Getpid())
	check(t, err)
	if !id.alive() {
		t.Error("this process is not alive")
	}
	id.StartTime--
	if id.alive() {
		t.Error("a process with another start time was taken for this one")
	}
	if err := id.signal(os.Kill); err == nil {
		t.Error("signalled another process")
	}
}

func TestParseTabSeparated(t *testing.T) {
	got := parseTabSeparated("a\\tb\t\\N\t\\\\n\n\tit\\'s\t\\n\n")
	want := [][]string{{"a\tb", "NULL", `\n`}, {"", "it's", "\n"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := parseTabSeparated(""); got != nil {
		t.Errorf("no answer became %q", got)
	}
}

func TestMajorVersion(t *testing.T) {
	for text, want := range map[string]int{
		"ClickHouse local version 26.7.2.1.": 26,
		"ClickHouse client version 18.16.1.": 18,
		"nothing of the kind":                0,
	} {
		if got := majorVersion(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestOptionsThatCannotBeStartedAreRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"engine":      {Engine: "mysql"},
		"query nodes": {Shards: 1, Replicas: 1, QueryNodes: 2},
		"negative":    {Shards: -1},
		"directory":   {Detach: true},
		"ZooKeeper":   {NoZooKeeper: true},
	} {
		if _, err := o.withDefaults(); err == nil {
			t.Errorf("%s: %+v was accepted", name, o)
		}
	}
}

func TestPortsAreFreeAndNotHandedOutTwice(t *testing.T) {
	one, other := newPorts(), newPorts()
	defer one.release()
	defer other.release()
	port, err := one.take()
	check(t, err)
	if other.reserve(port) {
		t.Errorf("port %d was handed out twice", port)
	}
	one.release()
	if !other.reserve(port) {
		t.Errorf("port %d cannot be had after its release", port)
	}
}

// laidOut is a cluster that has its ports and was not started.
func laidOut(t *testing.T, o Options) *Cluster {
	t.Helper()
	o.Dir = t.TempDir()
	o, err := o.withDefaults()
	check(t, err)
	c, err := newCluster(o)
	check(t, err)
	t.Cleanup(func() { check(t, c.Stop(t.Context())) })
	c.addZooKeeper(2181)
	check(t, c.layOut())
	return c
}

func TestConfigNamesTheNodesAndTheDatabase(t *testing.T) {
	type entry struct {
		Hosts       []string
		ClusterName string `yaml:"cluster_name"`
		SingleNode  bool   `yaml:"single_node"`
		Database    string
		StorageSets []string `yaml:"storage_sets"`
	}
	sets := []string{"migrations", "events", "transactions"}
	for engine, want := range map[string]entry{
		EngineCluster: {ClusterName: "skein_local", Database: "default", StorageSets: sets},
		EngineModern:  {SingleNode: true, Database: "skein", StorageSets: sets},
	} {
		c := laidOut(t, Options{Engine: engine})
		for _, n := range c.Nodes {
			want.Hosts = append(want.Hosts, n.Addr())
		}
		text, err := c.Config()
		check(t, err)
		var got struct{ Clusters []entry }
		check(t, yaml.Unmarshal(text, &got))
		if diff := cmp.Diff([]entry{want}, got.Clusters); diff != "" {
			t.Errorf("%s: %s", engine, diff)
		}
		if !strings.Contains(string(text), `{zookeeper: ["127.0.0.1:2181"], root: /skein}`) {
			t.Errorf("%s: no coordination in %s", engine, text)
		}
	}
}

func TestSharedReplicaNamesAndFewerQueryNodes(t *testing.T) {
	c := laidOut(t, Options{Shards: 3, Replicas: 2, QueryNodes: 2, SameReplicaNames: true})
	var got []string
	for _, shard := range c.shards() {
		for _, n := range shard {
			got = append(got, n.Name+" "+c.replicaMacro(n))
		}
	}
	want := []string{"s1r1 r1", "s1r2 r2", "s2r1 r1", "s2r2 r2", "s3r1 r1", "s3r2 r2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	last := c.Nodes[5]
	check(t, os.MkdirAll(last.dir, 0o755))
	cmd, err := c.configureNode(debian{server: "clickhouse-server"}, last)
	check(t, err)
	b, err := os.ReadFile(last.dir + "/config.xml")
	check(t, err)
	_, flat, _ := strings.Cut(string(b), "<skein_dist>")
	if n := strings.Count(flat, "<replica><host>"); n != 2 {
		t.Errorf("skein_dist has %d nodes: %s", n, flat)
	}
	if cmd.Args[0] != "clickhouse-server" || !strings.Contains(string(b), "<yandex>") {
		t.Errorf("not an 18.16 server: %v\n%s", cmd, b)
	}
}

package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/storageset"
)

const full = "testdata/full.yaml"

func load(t *testing.T, options config.Options) *config.Config {
	t.Helper()
	c, err := config.Load(options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// write makes a file and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "skein.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	var usage *journal.UsageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), text) {
		t.Errorf("want a *journal.UsageError with %q, have %v", text, err)
	}
}

func TestEveryKeyIsRead(t *testing.T) {
	c := load(t, config.Options{Path: full})
	want := []config.Cluster{
		{
			Name: "events", Hosts: []string{"ch-1:9000", "ch-2:9000"},
			ClusterName: "events_cluster", DistributedClusterName: "events_cluster_dist",
			Database: "default", User: "migrator", TLS: &config.TLS{CA: "ca.pem"},
			StorageSets:      []storageset.Key{"migrations", "events", "events_ro", "transactions"},
			DDL:              config.OnCluster,
			NodeConcurrency:  64,
			Connect:          config.Connect{Retries: 0, Interval: time.Second, Timeout: 5 * time.Second},
			Limits:           config.Limits{DDL: 2 * time.Minute, Wait: 10 * time.Minute, Mutation: 12 * time.Hour},
			AddressMap:       map[string]string{"ch-1:9000": "127.0.0.1:39000", "ch-2": "localhost"},
			UnshardedReplica: "{shard}-{replica}",
			Paths:            map[string]string{"default.events_local": "/clickhouse/tables/{shard}/events"},
			DDLQueuePath:     "/clickhouse/other/ddl",
		},
		{
			Name: "eu-west", Hosts: []string{"ch-9:9440"}, SingleNode: true, Database: "eu", User: "reader",
			TLS: &config.TLS{}, StorageSets: []storageset.Key{"eu"}, DDL: config.Direct, NodeConcurrency: 256,
			Connect:      config.Connect{Retries: 3, Interval: time.Second, Timeout: 5 * time.Second},
			Limits:       config.Limits{DDL: time.Minute, Wait: 5 * time.Minute, Mutation: 6 * time.Hour},
			DDLQueuePath: "/clickhouse/task_queue/ddl",
		},
	}
	plain := cmp.Options{
		cmpopts.IgnoreUnexported(config.Cluster{}, config.TLS{}, config.Group{}),
		cmp.Transformer("secret", config.Secret.String),
	}
	ignorePassword := cmpopts.IgnoreFields(config.Cluster{}, "Password")
	if diff := cmp.Diff(want, c.Clusters, plain, ignorePassword); diff != "" {
		t.Error(diff)
	}
	if p, err := c.Clusters[1].Password.Resolve(t.Context()); p != "p@ss" || err != nil {
		t.Errorf("password of the url: %q, %v", p, err)
	}
	if p, err := c.Coordination.Auth.Resolve(t.Context()); p != "skein:s3cret" || err != nil {
		t.Errorf("auth from a file beside the configuration: %q, %v", p, err)
	}
	c.Coordination.Auth = config.Secret{}
	if diff := cmp.Diff(config.Coordination{
		ZooKeeper: []string{"zk-1:2181"}, Root: "/skein", Lock: config.LockZooKeeper, SessionTimeout: 5 * time.Second,
	}, c.Coordination, plain); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]config.Group{{
		Name: "events", StorageSets: []storageset.Key{"events"}, Readiness: migration.Partial, DependsOn: []string{"system"},
	}}, c.Groups, plain); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	c := load(t, config.Options{Path: write(t, "clusters: [{name: a, hosts: [a:9000], cluster_name: c}]\ncoordination: {zookeeper: [z:2181]}\n")})
	a := c.Clusters[0]
	if a.DistributedClusterName != "c" || a.User != "default" || a.Database != "default" || a.DDL != config.OnCluster || a.TLS != nil {
		t.Errorf("%+v", a)
	}
	if cluster, err := c.StorageSets().Cluster(storageset.Migrations); err != nil || cluster != "a" {
		t.Errorf("with one cluster, migrations is on it: %q, %v", cluster, err)
	}
	if c.Coordination.Root != "/skein" || c.Coordination.SessionTimeout != 10*time.Second || c.Coordination.Lock != config.LockZooKeeper {
		t.Errorf("%+v", c.Coordination)
	}
}

// Where there are no servers, a single node keeps the lock itself; where both
// could, ZooKeeper does.
func TestDefaultLockOfASingleNode(t *testing.T) {
	const node = "clusters: [{name: a, hosts: [a:9000], single_node: true}]\n"
	for text, want := range map[string]config.Lock{
		node: config.LockLease,
		node + "coordination: {session_timeout: 4s}\n":              config.LockLease,
		node + "coordination: {zookeeper: [z:2181]}\n":              config.LockZooKeeper,
		node + "coordination: {zookeeper: [z:2181], lock: lease}\n": config.LockLease,
		node + "coordination: {lock: none}\n":                       config.LockNone,
		"clusters: [{name: a, hosts: [a:9000], single_node: true, storage_sets: [migrations]}, " +
			"{name: b, hosts: [b:9000], cluster_name: c}]\n": config.LockLease,
	} {
		if c := load(t, config.Options{Path: write(t, text)}); c.Coordination.Lock != want {
			t.Errorf("lock %q, want %q, with:\n%s", c.Coordination.Lock, want, text)
		}
	}
}

func TestEnvironmentOverlaysByName(t *testing.T) {
	c := load(t, config.Options{Path: full, Env: "staging"})
	events := c.Clusters[0]
	if len(c.Clusters) != 2 || !cmp.Equal(events.Hosts, []string{"staging-ch:9000"}) || events.User != "migrator" ||
		events.TLS != nil || !events.Password.IsZero() || events.Limits != (config.Limits{DDL: 2 * time.Minute, Wait: time.Minute, Mutation: 12 * time.Hour}) {
		t.Errorf("%+v", events)
	}
	if c.Groups[0].Readiness != migration.Limited || len(c.Groups[0].DependsOn) != 1 {
		t.Errorf("%+v", c.Groups)
	}
	c = load(t, config.Options{Path: full, Env: "local"})
	if len(c.Clusters) != 3 || c.Clusters[2].Key("hosts") != "clusters[2].hosts" || c.Coordination.Lock != config.LockNone {
		t.Errorf("%+v, %+v", c.Clusters, c.Coordination)
	}
	_, err := config.Load(config.Options{Path: full, Env: "stagng"})
	wantError(t, err, `no environment "stagng", did you mean "staging"? (there are: local, staging)`)
}

func TestOrigins(t *testing.T) {
	t.Setenv("SKEIN_CLUSTERS_EU_WEST_USER", "root")
	flags := pflag.NewFlagSet("skein", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse([]string{"--ddl", "direct", "--config", full, "--env", "staging"}); err != nil {
		t.Fatal(err)
	}
	c := load(t, config.Options{Flags: flags})
	for key, want := range map[string]string{
		"clusters[0].cluster_name":   full + ":4:5",
		"clusters[0].hosts":          "environment staging (" + full + ":31:9)",
		"clusters[0].hosts[0]":       "environment staging (" + full + ":31:17)",
		"clusters[0].hosts[1]":       "default",
		"clusters[0].limits.ddl":     full + ":15:14",
		"clusters[0].ddl":            "flag --ddl",
		"clusters[1].user":           "SKEIN_CLUSTERS_EU_WEST_USER",
		"clusters[1].hosts":          full + ":21:5",
		"clusters[1].ddl_queue_path": "default",
	} {
		if have := c.Origin(key); have != want {
			t.Errorf("%s comes from %q, want %q", key, have, want)
		}
	}
	if where := c.Where(c.Clusters[1].Key("cluster_name")); where != full+":20:5" {
		t.Errorf("a key that was not given is at %s, want its cluster's place", where)
	}
	err := c.Errorf(c.Clusters[0].Key("cluster_name"), "no node knows the cluster %q", "events_cluster")
	wantError(t, err, full+`:4:5: no node knows the cluster "events_cluster"`)
}

func TestPrecedence(t *testing.T) {
	flags := pflag.NewFlagSet("skein", pflag.ContinueOnError)
	config.AddFlags(flags)
	ddl := func() config.DDL { return load(t, config.Options{Path: full, Flags: flags}).Clusters[0].DDL }
	if have := ddl(); have != config.OnCluster {
		t.Errorf("the file says on_cluster, have %s", have)
	}
	t.Setenv("SKEIN_CLUSTERS_EVENTS_DDL", "direct")
	if have := ddl(); have != config.Direct {
		t.Errorf("the variable says direct, have %s", have)
	}
	if err := flags.Set("ddl", "on_cluster"); err != nil {
		t.Fatal(err)
	}
	if have := ddl(); have != config.OnCluster {
		t.Errorf("the flag says on_cluster, have %s", have)
	}
}

func TestNodeConcurrencyOfTheFlagIsForAllClusters(t *testing.T) {
	flags := pflag.NewFlagSet("skein", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse([]string{"--node-concurrency", "7"}); err != nil {
		t.Fatal(err)
	}
	c := load(t, config.Options{Path: full, Flags: flags})
	for _, cluster := range c.Clusters {
		if have := cluster.NodeConcurrency; have != 7 {
			t.Errorf("%s: have %d", cluster.Name, have)
		}
		if have := c.Origin(cluster.Key("node_concurrency")); have != "flag --node-concurrency" {
			t.Errorf("%s: from %s", cluster.Name, have)
		}
	}
	for _, wrong := range []string{"0", "-1", "1001"} {
		if err := flags.Set("node-concurrency", wrong); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load(config.Options{Path: full, Flags: flags})
		wantError(t, err, "flag --node-concurrency: want a number from 1 to 1000, have "+wrong)
	}
}

func TestVariables(t *testing.T) {
	t.Setenv("SKEIN_CONFIG", full)
	t.Setenv("SKEIN_ENV", "staging")
	t.Setenv("SKEIN_CLUSTERS_EVENTS_HOSTS", "x:1, y:2")
	t.Setenv("SKEIN_CLUSTERS_EVENTS_PASSWORD", "hunter2")
	t.Setenv("SKEIN_COORDINATION_ZOOKEEPER", "zk-2:2181")
	c := load(t, config.Options{})
	if c.Environment != "staging" || !cmp.Equal(c.Clusters[0].Hosts, []string{"x:1", "y:2"}) ||
		!cmp.Equal(c.Coordination.ZooKeeper, []string{"zk-2:2181"}) {
		t.Errorf("%+v", c)
	}
	if p, err := c.Clusters[0].Password.Resolve(t.Context()); p != "hunter2" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	t.Setenv("SKEIN_CLUSTERS_EVENTS_HOSTS", "x")
	_, err := config.Load(config.Options{})
	wantError(t, err, `SKEIN_CLUSTERS_EVENTS_HOSTS: clusters[0].hosts[0]: "x" has no port`)
	t.Setenv("SKEIN_CLUSTERS_EVENTS_HOSTS", "x:1")
	t.Setenv("SKEIN_CLUSTERS_EVNTS_USER", "")
	load(t, config.Options{}) // empty counts as not set
	t.Setenv("SKEIN_CLUSTERS_EVNTS_USER", "x")
	_, err = config.Load(config.Options{})
	wantError(t, err, `SKEIN_CLUSTERS_EVNTS_USER: changes no key of `+full+`, did you mean "SKEIN_CLUSTERS_EVENTS_USER"?`)
}

func TestVariableForTwoClusters(t *testing.T) {
	file := write(t, `clusters:
  - {name: a-b, hosts: [a:9000], single_node: true, storage_sets: [migrations]}
  - {name: a_b, hosts: [b:9000], single_node: true}
coordination: {lock: none}
`)
	load(t, config.Options{Path: file})
	t.Setenv("SKEIN_CLUSTERS_A_B_USER", "x")
	_, err := config.Load(config.Options{Path: file})
	wantError(t, err, "SKEIN_CLUSTERS_A_B_USER: means both clusters[0].user and clusters[1].user")
}

func TestMissingFileSaysHowToNameAnother(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := config.Load(config.Options{})
	wantError(t, err, "no configuration file skein.yaml in ")
	wantError(t, err, "--config FILE or SKEIN_CONFIG")
}

func TestCheckStorageSets(t *testing.T) {
	c := load(t, config.Options{Path: full})
	if err := c.CheckStorageSets([]storageset.Key{"events", "migrations"}); err != nil {
		t.Error(err)
	}
	err := c.CheckStorageSets([]storageset.Key{"events", "profiles", "sessions"})
	wantError(t, err, full+`:1:1: storage set "profiles" is on no cluster`)
	wantError(t, err, `storage set "sessions" is on no cluster`)
}

func TestTranslate(t *testing.T) {
	events := load(t, config.Options{Path: full}).Clusters[0]
	for from, want := range map[string]string{
		"ch-1:9000": "127.0.0.1:39000", "ch-1:9001": "ch-1:9001", "ch-2:9000": "localhost:9000", "ch-3:9000": "ch-3:9000",
	} {
		if have := events.Translate(from); have != want {
			t.Errorf("%s is reached as %s, want %s", from, have, want)
		}
	}
}

func TestConfigurationNeverPrintsPasswords(t *testing.T) {
	c := load(t, config.Options{Path: write(t, `clusters: [{name: a, url: "clickhouse://u:hunter2@h/d", single_node: true}]
coordination: {zookeeper: [z:2181], auth: "u:hunter2"}
`)})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{c, *c, c.Clusters[0], &c.Clusters[0], c.Coordination} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "hunter2") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
}

func TestSecretsOfOperations(t *testing.T) {
	t.Setenv("SKEIN_TEST_READER", "hunter2")
	file := write(t, `clusters:
  - {name: one, hosts: ["localhost:9000"], single_node: true}
coordination: {lock: none}
secrets: {reader: env:SKEIN_TEST_READER, other: env:SKEIN_TEST_OTHER}
environments:
  staging: {secrets: {other: env:SKEIN_TEST_READER}}
`)
	c := load(t, config.Options{Path: file})
	if value, err := c.Secrets["reader"].Resolve(t.Context()); err != nil || value != "hunter2" {
		t.Errorf("reader is %q (%v)", value, err)
	}
	if _, err := c.Secrets["other"].Resolve(t.Context()); err == nil {
		t.Error("other is read from a variable that is not set")
	}
	staging := load(t, config.Options{Path: file, Env: "staging"})
	for _, name := range []string{"reader", "other"} {
		if value, err := staging.Secrets[name].Resolve(t.Context()); err != nil || value != "hunter2" {
			t.Errorf("staging: %s is %q (%v)", name, value, err)
		}
	}
}

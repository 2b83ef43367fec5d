package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/skein-migrate/skein/config"
)

func TestValuesSayWhereTheyAreFrom(t *testing.T) {
	t.Setenv("SKEIN_CLUSTERS_EU_WEST_USER", "root")
	flags := pflag.NewFlagSet("skein", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse([]string{"--ddl", "direct", "--config", full, "--env", "staging"}); err != nil {
		t.Fatal(err)
	}
	values := map[string]config.Value{}
	for _, value := range load(t, config.Options{Flags: flags}).Values() {
		values[value.Key] = value
	}
	for _, want := range []config.Value{
		{"clusters[0].name", "events", config.FromEnvironment, "environment staging (" + full + ":30:9)"},
		{"clusters[0].hosts", []string{"staging-ch:9000"}, config.FromEnvironment, "environment staging (" + full + ":31:9)"},
		{"clusters[0].cluster_name", "events_cluster", config.FromFile, full + ":4:5"},
		{"clusters[0].ddl", "direct", config.FromFlag, "flag --ddl"},
		{"clusters[0].tls", false, config.FromEnvironment, "environment staging (" + full + ":33:9)"},
		{"clusters[0].connect.retries", 0, config.FromFile, full + ":14:15"},
		{"clusters[0].limits.wait", "1m", config.FromEnvironment, "environment staging (" + full + ":34:18)"},
		{"clusters[0].limits.mutation", "12h", config.FromFile, full + ":15:34"},
		{"clusters[1].user", "root", config.FromVariable, "SKEIN_CLUSTERS_EU_WEST_USER"},
		{"clusters[1].password", "(hidden)", config.FromFile, full + ":21:5"},
		{"clusters[1].tls", true, config.FromFile, full + ":21:5"},
		{"clusters[1].tls.min_version", "1.2", config.FromDefault, "default"},
		{"coordination.auth", "file:zk-auth", config.FromFile, full + ":24:77"},
		{"groups[0].readiness", "limited", config.FromEnvironment, "environment staging (" + full + ":35:29)"},
	} {
		if diff := cmp.Diff(want, values[want.Key]); diff != "" {
			t.Errorf("%s (-want +have):\n%s", want.Key, diff)
		}
	}
	for _, key := range []string{"clusters[0].password", "clusters[0].tls.min_version", "clusters[1].unsharded_replica", "environments"} {
		if value, there := values[key]; there {
			t.Errorf("%s is %v", key, value)
		}
	}
}

func TestValuesLeaveTheConfigurationAlone(t *testing.T) {
	c := load(t, config.Options{Path: full})
	before := fmt.Sprintf("%+v", *c)
	c.Values()
	if diff := cmp.Diff(before, fmt.Sprintf("%+v", *c)); diff != "" {
		t.Error(diff)
	}
}

func TestValuesHideSecrets(t *testing.T) {
	t.Setenv("SKEIN_CLUSTERS_A_PASSWORD", "hunter2")
	t.Setenv("SKEIN_TEST_READER", "hunter2")
	c := load(t, config.Options{Path: write(t, `clusters:
  - {name: a, hosts: [a:9000], single_node: true, storage_sets: [migrations]}
  - {name: b, url: "clickhouse://u:hunter2@h/d", single_node: true}
coordination: {zookeeper: [z:2181], auth: "u:hunter2"}
secrets: {plain: hunter2, my.reader: env:SKEIN_TEST_READER}
`)})
	text := fmt.Sprintf("%+v", c.Values())
	if strings.Contains(text, "hunter2") || strings.Count(text, "(hidden)") != 4 || !strings.Contains(text, "env:SKEIN_TEST_READER") {
		t.Error(text)
	}
}

package config_test

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/config"
)

func TestCheckFindsEverythingAtOnce(t *testing.T) {
	t.Setenv("SKEIN_TEST_THERE", "hunter2")
	file := write(t, `clusters:
  - name: a
    hosts: [a]
    single_node: true
    password: env:SKEIN_TEST_NOT_SET
    tls: {ca: nowhere.pem}
  - name: b
    hosts: [b:9000]
    cluster_name: b
    password: env:SKEIN_TEST_THERE
    storage_sets: [migrations]
coordination: {zookeeper: [z:2181], auth: file:nowhere, lok: none}
secrets:
  reader: ssm:/prod/reader
aws: {region: eu-test-1, endpoint: "http://127.0.0.1:1", timeout: 100ms}
environments:
  staging: {secrets: {other: env:SKEIN_TEST_OTHER}, cluster: []}
`)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	_, err := config.Check(t.Context(), config.Options{Path: file})
	for _, want := range []string{
		`:3:13: clusters[0].hosts[0]: "a" has no port`,
		":5:5: clusters[0].password: resolve env:SKEIN_TEST_NOT_SET: the environment variable is not set",
		":6:5: clusters[0].tls: read tls.ca: open ",
		":12:37: coordination.auth: resolve file:nowhere: open ",
		`:12:57: unknown key "lok" in coordination, did you mean "lock"?`,
		":14:3: secrets.reader: resolve ssm:/prod/reader: no answer in 100ms at http://127.0.0.1:1",
		`:17:53: unknown key "cluster" in environments.staging, did you mean "clusters"?`,
	} {
		wantError(t, err, file+want)
	}
	if err == nil {
		return
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != 7 {
		t.Errorf("%d mistakes instead of 7: %v", n, err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error holds a value: %v", err)
	}
}

func TestCheckReadsTheSecretsOfTheChosenEnvironment(t *testing.T) {
	file := write(t, `clusters: [{name: a, hosts: [a:9000], single_node: true}]
environments:
  staging: {clusters: [{name: a, password: env:SKEIN_TEST_STAGING}]}
`)
	if c, err := config.Check(t.Context(), config.Options{Path: file}); err != nil || c.References() != 0 {
		t.Errorf("%v", err)
	}
	_, err := config.Check(t.Context(), config.Options{Path: file, Env: "staging"})
	wantError(t, err, file+":3:34: clusters[0].password: resolve env:SKEIN_TEST_STAGING: the environment variable is not set")
	t.Setenv("SKEIN_TEST_STAGING", "hunter2")
	if c, err := config.Check(t.Context(), config.Options{Path: file, Env: "staging"}); err != nil || c.References() != 1 {
		t.Errorf("%v", err)
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:9000": true, "127.1.2.3:9000": true, "[::1]:9000": true, "localhost:9000": true, "LocalHost.:1": true, "db.localhost:1": true,
		"10.0.0.1:9000": false, "ch-1:9000": false, "[::2]:9000": false, "localhost.example.com:1": false, "0.0.0.0:1": false,
	} {
		if have := config.IsLoopback(address); have != want {
			t.Errorf("%s: %v", address, have)
		}
	}
}

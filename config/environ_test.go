package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/config"
)

// writeLocal makes a configuration with a .env.local beside it.
func writeLocal(t *testing.T, yaml, local string) string {
	t.Helper()
	file := write(t, yaml)
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), config.LocalFile), []byte(local), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const oneNode = `clusters:
  - {name: one, hosts: ["ch:9000"], single_node: true, password: env:SKEIN_TEST_LOCAL}
environments:
  local: {clusters: [{name: one, database: local}]}
`

func TestVariablesOfTheLocalFile(t *testing.T) {
	file := writeLocal(t, oneNode, "# for development\nexport SKEIN_ENV=local\nSKEIN_TEST_LOCAL='hunter2 $x'\n"+
		"SKEIN_CLUSTERS_ONE_USER=dev\nSKEIN_CLUSTERS_ONE_HOSTS=localhost:9000\n")
	t.Setenv("SKEIN_CLUSTERS_ONE_HOSTS", "real:9000")
	c := load(t, config.Options{Path: file})
	local := filepath.Join(filepath.Dir(file), ".env.local")
	one := c.Clusters[0]
	if c.Environment != "local" || one.Database != "local" || one.User != "dev" || c.LocalFile != local {
		t.Errorf("%+v", c)
	}
	if p, err := one.Password.Resolve(t.Context()); p != "hunter2 $x" || err != nil {
		t.Errorf("the password is %q, %v", p, err)
	}
	t.Setenv("SKEIN_TEST_LOCAL", "real")
	if p, err := one.Password.Resolve(t.Context()); p != "real" || err != nil {
		t.Errorf("the environment of the process wins, have %q, %v", p, err)
	}
	if one.Hosts[0] != "real:9000" {
		t.Errorf("the environment of the process wins, have %v", one.Hosts)
	}
	for key, want := range map[string]string{
		"environment": "SKEIN_ENV (" + local + ")", one.Key("user"): "SKEIN_CLUSTERS_ONE_USER (" + local + ")",
		one.Key("hosts"): "SKEIN_CLUSTERS_ONE_HOSTS",
	} {
		if have := c.Origin(key); have != want {
			t.Errorf("%s comes from %q, want %q", key, have, want)
		}
	}
	if _, inherited := os.LookupEnv("SKEIN_CLUSTERS_ONE_USER"); inherited {
		t.Error("what skein starts would inherit the variable")
	}
	if c.Variables()["SKEIN_TEST_LOCAL"] != "real" || c.Variables()["SKEIN_ENV"] != "local" || c.Variables()["SKEIN_CLUSTERS_ONE_HOSTS"] != "real:9000" {
		t.Error("statements do not see the variables")
	}
}

func TestTheLocalFileIsBesideTheConfiguration(t *testing.T) {
	file := write(t, oneNode)
	t.Chdir(t.TempDir())
	if err := os.WriteFile(".env.local", []byte("SKEIN_ENV=local\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := load(t, config.Options{Path: file}); c.Environment != "" || c.LocalFile != "" {
		t.Errorf("%q of %q", c.Environment, c.LocalFile)
	}
}

func TestWhatIsWrongWithTheLocalFile(t *testing.T) {
	for text, line := range map[string]string{
		"hunter2 is no line\n":                       ":1: ",
		"A=1\nB='two\nlines'\npass-word=hunter2\n":   ":4: ",
		"A=1\nSKEIN_CLUSTERS_ONE_USR=hunter2\nB=2\n": "SKEIN_CLUSTERS_ONE_USR (",
		"A=1\n\nB='hunter2\n":                        ":3: ",
	} {
		_, err := config.Load(config.Options{Path: writeLocal(t, oneNode, text)})
		wantError(t, err, ".env.local")
		wantError(t, err, line)
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error holds a value: %v", err)
		}
	}
}

package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/config"
)

func TestAccessIsOverlaidByName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "skein.yaml")
	err := os.WriteFile(file, []byte(`
clusters:
  - {name: events, hosts: ["ch:9000"], single_node: true}
access:
  user: admin
  password: env:ADMIN
  databases: [{name: archive, engine: Atomic, clusters: [events]}]
  roles: [{name: writer, grants: ["INSERT ON archive.*"]}]
  users: [{name: migrator, password: env:MIGRATOR, roles: [writer]}]
environments:
  staging:
    access:
      user: root
      databases: [{name: more}]
      users: [{name: migrator, grants: ["SELECT ON archive.*"]}]
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for environment, want := range map[string]struct {
		user      string
		databases []config.AccessDatabase
		grants    []string
	}{
		"":        {"admin", []config.AccessDatabase{{Name: "archive", Engine: "Atomic", Clusters: []string{"events"}}}, nil},
		"staging": {"root", []config.AccessDatabase{{Name: "archive", Engine: "Atomic", Clusters: []string{"events"}}, {Name: "more"}}, []string{"SELECT ON archive.*"}},
	} {
		a := load(t, config.Options{Path: file, Env: environment}).Access
		if a.User != want.user || a.Password.String() != "env:ADMIN" || len(a.Users) != 1 || a.Users[0].Password.String() != "env:MIGRATOR" {
			t.Errorf("environment %q: %+v", environment, a)
		}
		if diff := cmp.Diff(want.databases, a.Databases); diff != "" {
			t.Errorf("environment %q (-want +got):\n%s", environment, diff)
		}
		if diff := cmp.Diff(want.grants, a.Users[0].Grants); diff != "" {
			t.Errorf("environment %q (-want +got):\n%s", environment, diff)
		}
		if diff := cmp.Diff([]string{"writer"}, a.Users[0].Roles); diff != "" {
			t.Errorf("environment %q (-want +got):\n%s", environment, diff)
		}
	}
}

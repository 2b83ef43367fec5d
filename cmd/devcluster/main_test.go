package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"devcluster": main})
}

// The scripts run real servers: they are skipped where SKEIN_INTEGRATION is 0 or,
// unless it is 1, where the servers are not installed.
func TestScripts(t *testing.T) {
	gate := os.Getenv("SKEIN_INTEGRATION")
	check := exec.Command("../../scripts/deps.sh", "--check")
	if out, err := check.Output(); gate == "0" || err != nil && gate != "1" {
		t.Skipf("SKEIN_INTEGRATION=%q; %s", gate, out)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			// The library is found in the user's cache directory.
			env.Setenv("HOME", os.Getenv("HOME"))
			env.Setenv("XDG_CACHE_HOME", os.Getenv("XDG_CACHE_HOME"))
			env.Setenv("SKEIN_CHDB_LIB", os.Getenv("SKEIN_CHDB_LIB"))
			env.Defer(func() { stopAll(env.WorkDir) })
			return nil
		},
	})
}

// stopAll is for a script that failed before its own down.
func stopAll(dir string) {
	down := newRootCommand()
	down.SetArgs([]string{"down", "--dir", dir + "/d"})
	if err := down.Execute(); err != nil {
		panic(err)
	}
}

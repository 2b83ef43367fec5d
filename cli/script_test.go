package cli

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/skein-migrate/skein/examples/groups"
	"github.com/skein-migrate/skein/integration/scripttest"
)

var update = flag.Bool("update", false, "write the golden files")

// TestMain lets the scripts run skein, with the groups of the examples.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"skein": func() { os.Exit(Main(groups.Events(), groups.Transactions())) },
		// As it is shipped: without migrations of its own.
		"skein-stock": func() { os.Exit(Main()) },
		readsAndPlans: readAndPlanMain,
	})
}

// The scripts are sessions of a user's, without any server.
func TestSessions(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": scripttest.Exits},
	})
}

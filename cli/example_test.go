package cli_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/examples/groups"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// A Program runs anywhere: its output goes where it is told to, and its end is a
// number, not the end of the process.
func ExampleProgram() {
	var stderr strings.Builder
	program := cli.Program{
		Groups: []migration.Group{groups.Events(), groups.Transactions()},
		Args:   []string{"mirgate"},
		Stderr: &stderr,
	}
	code := program.Run(context.Background())
	fmt.Print(stderr.String())
	fmt.Println("exit code", code)
	// Output:
	// skein: unknown command "mirgate", did you mean "migrate"?
	// see: skein --help
	// exit code 2
}

// Groups that are wrong are refused before any server is asked, with all that is
// wrong at once.
func ExampleProgram_Run() {
	events := ops.LocalTable("events", "events_local")
	program := cli.Program{
		Groups: []migration.Group{{Name: "events", Migrations: []migration.Migration{
			{ID: "0001_drop", Forward: []ops.Operation{ops.DropColumn{Table: events, Name: "trace_id"}}},
			{ID: "0002_add", Forward: []ops.Operation{ops.AddColumn{Table: events}}},
		}}},
		Args:   []string{"plan", "--config", "testdata/example.yaml"},
		Stderr: os.Stdout,
	}
	fmt.Println("exit code", program.Run(context.Background()))
	// Output:
	// skein: the migrations are not in order, nothing was asked of a server:
	// events/0001_drop: operation 1: DropColumn events_local.trace_id has no derived inverse: set Was to the column that it drops: give Backward, or say Irreversible: "why"
	// events/0002_add operation 1 (AddColumn): AddColumn events_local: a column has no name: set Name
	// exit code 2
}

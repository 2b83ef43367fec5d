// Command skein-example is skein with two groups of migrations of its own. Copy
// it to start a project: this is all of main.
package main

import (
	"os"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/examples/groups"
)

func main() { os.Exit(cli.Main(groups.Events(), groups.Transactions())) }

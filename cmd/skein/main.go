// Command skein runs migrations on ClickHouse clusters. This build knows the
// group system alone; examples/skein-example has groups of its own.
package main

import (
	"os"

	"github.com/skein-migrate/skein/cli"
)

func main() { os.Exit(cli.Main()) }

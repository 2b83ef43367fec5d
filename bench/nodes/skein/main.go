// Command skein is skein as bench/nodes measures it.
package main

import (
	"os"

	"github.com/skein-migrate/skein/bench/nodes/work"
)

func main() { os.Exit(work.Main()) }

// Command host serves one node of the modern engine for testcluster: the path of
// libchdb.so, then ClickHouse's flags.
package main

import (
	"fmt"
	"os"

	"github.com/skein-migrate/skein/integration/testcluster/chdb"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: host LIBCHDB.SO FLAG...")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, chdb.Serve(os.Args[1], os.Args[2:]))
	os.Exit(1)
}

package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// document is docs/operations.md.
func document(found []outcome) string {
	var b strings.Builder
	b.WriteString(`# Operations

Every operation, as it was seen on real servers. The conformance test (` + "`integration/conformance`" + `) writes this page: it applies each
operation to tables with rows and with neighbours, checks its conditions on every node, breaks the result by hand on one node and
sees them fail there, has skein mend that node, applies the inverse, and compares schema, column order and rows with the start.
What the fields of an operation mean is in its documentation: ` + "`go doc github.com/skein-migrate/skein/ops.AddColumn`" + `.

| operation | case | server | result | broken by hand | inverse |
| --- | --- | --- | --- | --- | --- |
`)
	slices.SortStableFunc(found, func(a, b outcome) int {
		return strings.Compare(a.kind+"\x00"+a.name+"\x00"+b.server, b.kind+"\x00"+b.name+"\x00"+a.server)
	})
	for _, o := range found {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", o.kind, o.name, o.server, o.applied, o.broken, o.undone)
	}
	return b.String()
}

package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/journal"
)

// importSnuba makes Snuba's table the one that skein keeps its state in.
func (a *app) importSnuba(cmd *cobra.Command, t takeover) error {
	for flag, value := range map[string]string{"--dir": t.dir, "--table": t.table, "--group": t.group, "--storage-set": t.set} {
		if value != "" {
			return journal.Usagef("import snuba takes no %s: its table is where skein's would be, with all its groups, and its files are Python", flag)
		}
	}
	w, err := a.wire(cmd)
	if err != nil {
		return err
	}
	found, err := w.store.Adoptable(cmd.Context())
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	total := 0
	var groups []string
	for _, name := range slices.Sorted(maps.Keys(found.Completed)) {
		total += found.Completed[name]
		groups = append(groups, fmt.Sprintf("%s %d", name, found.Completed[name]))
	}
	fmt.Fprintf(out, "snuba, %s completed: %s\n", count(total, "migration"), orNone(groups))
	for _, addition := range found.Additions {
		fmt.Fprintf(out, "  %s  %s\n", addition.Node, addition.SQL)
	}
	fmt.Fprint(out, snubaWords)
	if t.dryRun || !t.yes {
		fmt.Fprintf(out, "%s would be sent, and skein's other tables made. Nothing was changed. To do it: skein import snuba --yes\n",
			count(len(found.Additions), "statement"))
		return nil
	}
	result, err := w.Adopt(cmd.Context(), w.store)
	if err != nil {
		return err
	}
	if len(result.Applied) == 0 {
		fmt.Fprintln(out, "Nothing to do.")
		return nil
	}
	fmt.Fprintln(out, strings.TrimSpace("The table is skein's. From now on: skein list, and no longer snuba migrations"))
	return nil
}

// snubaWords say what skein does not do.
const snubaWords = `Snuba's migrations are Python, which skein does not read: their rows stay, and
skein list shows them as missing. New migrations go into groups of other names.
Snuba's group system is where skein has its own: its rows there count as skein's.
`

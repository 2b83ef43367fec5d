package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/sqlfile"
	"github.com/skein-migrate/skein/migration/yamlfile"
)

func (a *app) repairCommand() *cobra.Command {
	s := selection{back: true}
	cmd := &cobra.Command{
		Use:   "repair [--group GROUP] [--migration-id ID]",
		Short: "Accept migrations that were edited after they were applied",
		Long: `repair shows how completed migrations that are modified differ from what was
applied, asks on a terminal, and takes what is here now to be what was applied,
with its way back: one row of the state each, under the lock. It runs nothing.
What is missing here, in progress, or owed to a node is named and left alone.
Off a terminal it needs --yes; without it, it shows the difference and refuses.`,
		Example: "  skein repair --group events\n  skein repair --group events --yes",
		Args:    exactly(0, "no arguments: name the migrations with --group and --migration-id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, request, err := a.wireFor(cmd, s, args)
			if err != nil {
				return err
			}
			found, err := w.Repairs(cmd.Context(), request)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			printRepairs(out, found)
			if len(found.Changed) == 0 {
				fmt.Fprintln(out, "Nothing to accept.")
				return nil
			}
			if !s.dryRun && !s.yes {
				question := fmt.Sprintf("Take what is here now to be what was applied, for %s?", count(len(found.Changed), "migration"))
				if err := a.confirm(cmd, question); err != nil {
					return err
				}
			}
			if s.dryRun {
				fmt.Fprintln(out, "Nothing was changed.")
				return nil
			}
			result, err := w.Repair(cmd.Context(), found.Changed)
			if len(result.Applied) > 0 {
				fmt.Fprintf(out, "%s accepted, nothing was run: %s\n", count(len(result.Applied), "migration"), keys(result.Applied))
			}
			return err
		},
	}
	s.groupFlag(cmd, "only this `group` (repeatable)")
	cmd.Flags().StringVar(&s.id, "migration-id", "", "only this `ID`, whole")
	cmd.Flags().BoolVar(&s.dryRun, "dry-run", false, "show the difference and change nothing")
	cmd.Flags().BoolVarP(&s.yes, "yes", "y", false, "do not ask")
	lockFlag(a, cmd)
	return cmd
}

func printRepairs(w io.Writer, found coordinator.Repairs) {
	for _, r := range found.Changed {
		fmt.Fprintf(w, "%s  applied %s by %s\n", r.Key, r.Row.Timestamp.UTC().Format(time.DateTime), r.Row.AppliedBy)
		fmt.Fprintf(w, "  checksum %s, was %s\n", short(r.Checksum), short(r.Row.Checksum))
		switch text := difference(r); {
		case r.Was.Text == "":
			fmt.Fprintln(w, "  what was applied is not in its row, which has the checksum alone")
		case text == "":
			fmt.Fprintln(w, "  what the row has of it is the same: the difference is in what it does not have")
		default:
			fmt.Fprintf(w, "  %s\n", indent(text, "  "))
		}
	}
	for _, skipped := range found.Skipped {
		fmt.Fprintf(w, "%s  left as it is: %s\n", skipped.Key, skipped.Why)
	}
}

func short(checksum string) string { return checksum[:min(12, len(checksum))] }

// difference is that of the texts of a migration, as the row and as this program has it.
func difference(r coordinator.Repair) string {
	is := migration.Migration{Forward: r.Is.Forward, Backward: r.Is.Backward, Irreversible: r.Is.Irreversible}
	was := migration.Migration{Forward: r.Was.Forward, Backward: r.Was.Backward, Irreversible: r.Was.Irreversible}
	if was.Forward == nil {
		is.Forward = nil // the row has the way back alone
	}
	before, after := written(was), written(is)
	if r.Was.Backward == nil || before == nil || after == nil {
		text, err := r.Is.StoredText(true)
		if err != nil {
			return err.Error()
		}
		before, after = indented(r.Was.Text), indented(text)
	}
	text := string(diff.Diff("applied", before, "here", after))
	if _, rest, found := strings.Cut(text, "\n"); found && strings.HasPrefix(text, "diff ") {
		text = rest
	}
	return strings.TrimRight(text, "\n")
}

// written is a migration as the file that it could be: of SQL, or of YAML; nil of one
// that has Go in it.
func written(m migration.Migration) []byte {
	if text, err := sqlfile.Encode(m); err == nil {
		return text
	}
	text, err := yamlfile.Encode(m)
	if err != nil {
		return nil
	}
	return text
}

func indented(text string) []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(text), "", "  "); err != nil {
		return []byte(text)
	}
	return append(out.Bytes(), '\n')
}

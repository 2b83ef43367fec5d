package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/importer"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/storageset"
)

// takeover is what import is asked for, and what it finds.
type takeover struct {
	dir, table, group, set string
	dryRun, yes            bool

	tool       importer.Tool
	config     *config.Config
	overlay    config.Group // the group in skein.yaml
	home       storageset.Key
	migrations []importer.Migration
	files      []importer.Migration // those that are yet to be written
	notes      []string
}

func (a *app) importCommand() *cobra.Command {
	var t takeover
	cmd := &cobra.Command{
		Use:   "import TOOL",
		Short: "Take over the state and the files of another migration tool",
		Long: `import reads which migrations another tool has applied, from its table on the
cluster, writes its files as skein's into the directory of a group, and records
them as completed, when the other tool applied them. None of them is run, and
the other tool's table and files stay. It shows what it would do and asks, on a
terminal. The group must have no rows.

TOOL is goose, golang-migrate, pyclickhousemigrator or snuba. The files of
pyclickhousemigrator are taken as they are. Snuba's migrations are Python, which
skein does not read: its table is adopted by adding columns to it, which needs
--yes. docs/import.md says what is converted, and how.`,
		Example: "  skein import goose --dir db/migrations --group events --dry-run\n" +
			"  skein import golang-migrate --dir db/migrations --group events\n  skein import snuba --yes",
		ValidArgs: importer.Names(),
		Args:      oneTool,
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == importer.Snuba {
				return a.importSnuba(cmd, t)
			}
			return a.importFiles(cmd, args[0], t)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&t.dir, "dir", "", "the other tool's `directory` of migrations")
	flags.StringVar(&t.table, "table", "", "its table, as `[database.]name`, if it is not its usual one")
	flags.StringVarP(&t.group, "group", "g", "", "the `group` that they become (the only one with a dir, if left out)")
	flags.StringVar(&t.set, "storage-set", "", "the storage `set` of the statements, if the group has several or none")
	flags.BoolVar(&t.dryRun, "dry-run", false, "show what would be done, and change nothing")
	flags.BoolVarP(&t.yes, "yes", "y", false, "do not ask, also on a terminal")
	lockFlag(a, cmd)
	return cmd
}

func oneTool(cmd *cobra.Command, args []string) error {
	known := strings.Join(importer.Names(), ", ")
	switch {
	case len(args) != 1:
		return journal.Usagef("%s takes one tool: %s", cmd.CommandPath(), known)
	case !slices.Contains(importer.Names(), args[0]):
		return journal.Usagef("%s: no tool %q is known (there are: %s)", cmd.CommandPath(), args[0], known)
	}
	return nil
}

// importFiles takes over from a tool whose files can be read.
func (a *app) importFiles(cmd *cobra.Command, name string, t takeover) error {
	tools := importer.Tools()
	t.tool = tools[slices.IndexFunc(tools, func(tool importer.Tool) bool { return tool.Name == name })]
	registry, err := a.takeFiles(cmd, &t)
	if err != nil {
		return err
	}
	w, err := a.join(cmd, t.config, registry)
	if err != nil {
		return err
	}
	if err := w.CheckImport(cmd.Context(), t.overlay.Name); err != nil {
		return err
	}
	where, err := t.mark(cmd, w)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	t.show(out, where)
	if t.dryRun {
		fmt.Fprintln(out, "Nothing was changed.")
		return nil
	}
	if !t.yes && a.onTerminal() {
		if err := a.confirm(cmd, "Import?"); err != nil {
			return err
		}
	}
	if err := t.write(); err != nil {
		return err
	}
	result, err := w.Import(cmd.Context(), coordinator.Import{Tool: t.tool.Name, Group: t.overlay.Name, Applied: t.applied()})
	if err != nil {
		if len(t.files) > 0 {
			return fmt.Errorf("%w\n%s in %s. The same command again goes on", err, wereWritten(len(t.files)), t.overlay.Dir)
		}
		return err
	}
	recorded := slices.DeleteFunc(result.Applied, func(key journal.Key) bool { return key.Group == migration.System })
	fmt.Fprintf(out, "%s, %s recorded as completed. From now on: skein list, and no longer %s\n",
		wereWritten(len(t.files)), count(len(recorded), "migration"), t.tool.Name)
	return nil
}

func wereWritten(files int) string {
	if files == 1 {
		return "1 file was written"
	}
	return fmt.Sprintf("%d files were written", files)
}

// takeFiles reads the other tool's files, before a server is asked anything.
func (a *app) takeFiles(cmd *cobra.Command, t *takeover) (*migration.Registry, error) {
	var err error
	if t.config, err = config.Load(config.Options{Flags: cmd.Flags()}); err != nil {
		return nil, err
	}
	if t.overlay, err = t.groupOf(t.config); err != nil {
		return nil, err
	}
	options := importer.Options{StorageSets: a.setsOf(t.overlay), Shown: t.dir}
	if t.dir == "" && t.tool.AsIs {
		options.Shown = t.overlay.Dir
	}
	if options.Shown == "" {
		return nil, journal.Usagef("--dir says where the migrations of %s are: --dir db/migrations", t.tool.Name)
	}
	if t.home, err = t.pick(&options); err != nil {
		return nil, err
	}
	inPlace := samePlace(options.Shown, t.overlay.Dir)
	if inPlace && !t.tool.AsIs {
		return nil, journal.Usagef("%s has the files of %s, and skein's would come between them: in skein.yaml, give group %q another dir, "+
			"which is made if it is not there", options.Shown, t.tool.Name, t.overlay.Name)
	}
	if t.migrations, err = t.tool.Read(os.DirFS(options.Shown), options); err != nil {
		return nil, &journal.UsageError{Err: err}
	}
	if len(t.migrations) == 0 {
		return nil, journal.Usagef("%s has no migrations of %s", options.Shown, t.tool.Name)
	}
	if !inPlace {
		if t.files, err = missingFiles(t.overlay.Dir, t.migrations); err != nil {
			return nil, err
		}
	}
	given := map[string][]migration.Migration{t.overlay.Name: {}}
	for _, m := range t.migrations {
		given[t.overlay.Name] = append(given[t.overlay.Name], m.Migration)
	}
	return a.registryWith(t.config, given)
}

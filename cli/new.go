package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/nearest"
	"github.com/skein-migrate/skein/scaffold"
	"github.com/skein-migrate/skein/storageset"
)

func (a *app) newCommand() *cobra.Command {
	var written string
	var timestamp bool
	cmd := &cobra.Command{
		Use:   "new GROUP NAME",
		Short: "Write the next migration's file",
		Long: `new writes the file of the next migration of a group into the directory that
skein.yaml gives the group, and prints its path. Its number is the one behind the
last, or the time (UTC) where the group has timestamps or --timestamp asks for one.
It is written as the last one is, if --format does not say otherwise.

The file is valid as it is, and does nothing yet. In Go it is a function that the
group's list of migrations calls; that list, group.go, is made or added to, and so
is the []migration.Group of the program beside skein.yaml.

Nothing is asked of a server, and no file is overwritten.`,
		Example: "  skein new events add_trace_id\n  skein new events add_trace_id --format yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return journal.Usagef("%s takes a group and a name, such as: skein new events add_trace_id", cmd.CommandPath())
			}
			cfg, err := config.Load(config.Options{Flags: cmd.Flags()})
			if err != nil {
				return err
			}
			n, err := a.next(cfg, args[0], args[1], written, timestamp)
			if err != nil {
				return err
			}
			return a.write(cmd, n)
		},
	}
	cmd.Flags().StringVar(&written, "format", "", "sql, yaml or go (default: as the last one of the group, else sql)")
	cmd.Flags().BoolVar(&timestamp, "timestamp", false, "number it by the time, such as 20261120101500")
	return cmd
}

// next decides on all that is new.
func (a *app) next(cfg *config.Config, name, title, written string, timestamp bool) (scaffold.Migration, error) {
	group, err := a.withDir(cfg, name)
	if err != nil {
		return scaffold.Migration{}, err
	}
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`).MatchString(title) {
		return scaffold.Migration{}, journal.Usagef("the name is part of a file's name: letters, digits, and _ . -, such as add_trace_id, not %q", title)
	}
	there, err := a.inGroup(group)
	if err != nil {
		return scaffold.Migration{}, err
	}
	number, err := scaffold.NextNumber(there.ids, timestamp, group.Sequential, time.Now())
	if err != nil {
		return scaffold.Migration{}, journal.Usagef("group %s (%s): %w", name, group.Dir, err)
	}
	format, err := scaffold.ParseFormat(cmp.Or(written, there.format, string(scaffold.SQL)))
	if err != nil {
		return scaffold.Migration{}, journal.Usagef("--%w", err)
	}
	n := scaffold.Migration{Dir: group.Dir, Group: name, ID: number + "_" + title, Format: format, Package: there.pkg}
	if n.Set, n.Only, err = setOf(cfg, group); err != nil {
		return n, err
	}
	schema := filepath.Join(filepath.Dir(cfg.Source), "migration.schema.json")
	if _, err := os.Stat(schema); err == nil {
		if way, err := filepath.Rel(group.Dir, schema); err == nil {
			n.Schema = filepath.ToSlash(way)
		}
	}
	return n, nil
}

// withDir finds a group that has a directory.
func (a *app) withDir(cfg *config.Config, name string) (config.Group, error) {
	var names []string
	for _, group := range cfg.Groups {
		switch {
		case group.Name != name:
			names = append(names, group.Name)
		case group.Dir == "":
			return group, cfg.Errorf(group.Key("name"), "group %q has no dir: say there where its files are", name)
		default:
			return group, nil
		}
	}
	if slices.ContainsFunc(a.program.Groups, func(g migration.Group) bool { return g.Name == name }) {
		return config.Group{}, journal.Usagef("group %q is compiled in, and %s does not say where its files are: add it to groups, with its dir", name, cfg.Source)
	}
	return config.Group{}, journal.Usagef("%s has no group %q%s (there are: %s). A new one: add it to groups, with its dir", cfg.Source, name, nearest.DidYouMean(name, names), cmp.Or(strings.Join(names, ", "), "none"))
}

// present is what a group has.
type present struct {
	ids    []string
	format string // of the last file
	pkg    string // of its Go files
}

func (a *app) inGroup(group config.Group) (present, error) {
	var p present
	for _, g := range a.program.Groups {
		if g.Name == group.Name {
			for _, m := range g.Migrations {
				p.ids = append(p.ids, m.ID)
			}
		}
	}
	files, err := os.ReadDir(group.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return p, journal.Usagef("look into %s: %w", group.Dir, err)
	}
	var last migration.File
	for _, file := range files {
		kind := strings.TrimPrefix(path.Ext(file.Name()), ".")
		if file.IsDir() || !slices.Contains([]string{"sql", "yaml", "yml", "go"}, kind) || strings.HasPrefix(file.Name(), ".") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		if kind == "go" && p.pkg == "" {
			source, err := os.ReadFile(filepath.Join(group.Dir, file.Name()))
			if err != nil {
				return p, journal.Usagef("read the package of %s: %w", group.Dir, err)
			}
			if p.pkg, err = scaffold.PackageOf(source); err != nil {
				return p, journal.Usagef("read the package of %s: %w", filepath.Join(group.Dir, file.Name()), err)
			}
		}
		is, err := migration.ParseFileName(file.Name())
		switch {
		case err != nil && kind == "go":
			continue // what the migrations share
		case err != nil:
			return p, journal.Usagef("%s: %w", filepath.Join(group.Dir, file.Name()), err)
		}
		if !slices.Contains(p.ids, is.ID) {
			p.ids = append(p.ids, is.ID)
		}
		if migration.CompareFiles(is, last) > 0 {
			last, p.format = is, strings.Replace(kind, "yml", "yaml", 1)
		}
	}
	return p, nil
}

// setOf is a storage set for the operations of a group, and whether it is the only
// one that they may name.
func setOf(cfg *config.Config, group config.Group) (string, bool, error) {
	if len(group.StorageSets) > 0 {
		return string(group.StorageSets[0]), len(group.StorageSets) == 1, nil
	}
	var sets []storageset.Key
	for _, set := range cfg.StorageSets().Keys() {
		if set != storageset.Migrations {
			sets = append(sets, set)
		}
	}
	switch {
	case slices.Contains(sets, storageset.Key(group.Name)):
		return group.Name, false, nil
	case len(sets) > 0:
		return string(sets[0]), false, nil
	}
	return "", false, journal.Usagef("no cluster of %s has a storage set beside migrations: add one to storage_sets", cfg.Source)
}

// write writes the files, and registers what is Go.

func (a *app) write(cmd *cobra.Command, n scaffold.Migration) error {
	files, err := n.Files()
	if err != nil {
		return err
	}
	module := ""
	if n.Format == scaffold.Go {
		var missing bool
		if module, missing, err = moduleOf(n.Dir, ""); err != nil {
			return err
		}
		if missing {
			return journal.Usagef("%s is in no Go module: make one with go mod init, then the same command again", n.Dir)
		}
	}
	if err := createFiles(files); err != nil {
		return err
	}
	for _, file := range files {
		fmt.Fprintln(cmd.OutOrStdout(), file.Path)
	}
	switch {
	case n.Format != scaffold.Go:
		return nil
	case n.Package != "":
		return a.registerMigration(n)
	}
	return a.registerGroup(cmd, n, module)
}

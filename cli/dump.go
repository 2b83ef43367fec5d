package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/dump"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/scaffold"
	"github.com/skein-migrate/skein/state"
	"github.com/skein-migrate/skein/storageset"
)

// dumping is what the flags of dump say.
type dumping struct {
	set, dir, group, node string
	unnamed               string // the configuration, where it does not give the group this directory
}

func (a *app) dumpCommand() *cobra.Command {
	var d dumping
	cmd := &cobra.Command{
		Use:   "dump --storage-set SET",
		Short: "Write the schema of a cluster down as migrations in YAML",
		Long: `dump writes one file of YAML operations for each table, view, dictionary and
function of SQL that the cluster of a storage set has in its database, numbered in
an order in which they can be applied: the starting point for a cluster that has no
migrations yet. A server is asked, and not changed.

Each file is checked to say exactly what the server says. What no typed operation
has a field for is the server's own text in a run_sql. What even that cannot say,
and what is not looked at (users, roles, grants, quotas, named collections, other
databases), is named on stderr. Secrets, which servers hide, become references.
skein's own tables are left out.

All nodes are compared first, as verify does. If they differ nothing is written and
the exit code is 6; --node takes what one of them has.

The directory is --dir, or that of the group in skein.yaml, or migrations/SET. It has
to be without migrations; nothing is overwritten.`,
		Example: "  skein dump --storage-set events --group events\n  skein dump --storage-set events --dir migrations/events --node ch-1:9000",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if d.set == "" {
				return journal.Usagef("name the storage set whose cluster is meant: --storage-set events")
			}
			return a.dump(cmd, d)
		},
	}
	cmd.Flags().StringVar(&d.set, "storage-set", "", "whose cluster it is, and what the operations name")
	cmd.Flags().StringVar(&d.dir, "dir", "", "where the files go")
	cmd.Flags().StringVarP(&d.group, "group", "g", "", "whose directory they go to (default: the group that is called as the storage set)")
	cmd.Flags().StringVar(&d.node, "node", "", "take what this node has, without comparing it with the others")
	return cmd
}

func (a *app) dump(cmd *cobra.Command, d dumping) error {
	ctx := cmd.Context()
	cfg, err := config.Load(config.Options{Flags: cmd.Flags()})
	if err != nil {
		return err
	}
	home, err := cfg.StorageSets().Cluster(storageset.Key(d.set))
	if err != nil {
		return &journal.UsageError{Err: err}
	}
	if err := d.place(cfg); err != nil {
		return err
	}
	clusters, err := a.clusters(ctx, cfg)
	if err != nil {
		return err
	}
	if d.node == "" {
		if err := a.alike(ctx, clusters, home); err != nil {
			return err
		}
	}
	result, schema, err := d.read(ctx, clusters, home)
	if err != nil {
		return err
	}
	elsewhere, err := clusters.Elsewhere(ctx, home)
	if err != nil {
		return err
	}
	files, err := d.files(result, schema.From)
	if err != nil {
		return err
	}
	if err := createFiles(files); err != nil {
		return err
	}
	for _, file := range files {
		fmt.Fprintln(cmd.OutOrStdout(), file.Path)
	}
	a.sayDumped(d, result, elsewhere)
	return nil
}

// place decides on the group and the directory.
func (d *dumping) place(cfg *config.Config) error {
	named := d.group != ""
	d.group = cmp.Or(d.group, d.set)
	at := slices.IndexFunc(cfg.Groups, func(g config.Group) bool { return g.Name == d.group })
	switch {
	case at >= 0 && len(cfg.Groups[at].StorageSets) > 0 && !slices.Contains(cfg.Groups[at].StorageSets, storageset.Key(d.set)):
		return cfg.Errorf(cfg.Groups[at].Key("storage_sets"), "group %q may not touch storage set %q", d.group, d.set)
	case d.dir != "":
	case at >= 0 && cfg.Groups[at].Dir != "":
		d.dir = cfg.Groups[at].Dir
	case named:
		return journal.Usagef("group %q has no dir in %s: add it there, or say --dir", d.group, cfg.Source)
	default:
		d.dir = filepath.Join(filepath.Dir(cfg.Source), "migrations", d.set)
	}
	if at < 0 || filepath.Clean(cfg.Groups[at].Dir) != filepath.Clean(d.dir) {
		d.unnamed = cfg.Source
	}
	there, err := os.ReadDir(d.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return journal.Usagef("look into %s: %w", d.dir, err)
	}
	for _, file := range there {
		if _, err := migration.ParseFileName(file.Name()); err == nil && !file.IsDir() {
			return journal.Usagef("%s has migrations already, such as %s: a dump is where a group begins, so give it another directory by --dir", d.dir, file.Name())
		}
	}
	return nil
}

// alike refuses nodes that differ in what would be dumped.
func (a *app) alike(ctx context.Context, clusters *cluster.Set, home string) error {
	report, err := clusters.Compare(ctx, compare.Inquiry{Cluster: home})
	if err != nil {
		return err
	}
	report.Differences = slices.DeleteFunc(report.Differences, func(d compare.Difference) bool { return own(d.Table) })
	err = judged([]compare.Report{report})
	if err != nil {
		printReports(a.program.Stderr, []compare.Report{report})
		fmt.Fprintln(a.program.Stderr, "Nothing was written. To take what one node has: --node NODE")
	}
	return err
}

// read makes the migrations.
func (d dumping) read(ctx context.Context, clusters *cluster.Set, home string) (dump.Result, dump.Schema, error) {
	schema, err := clusters.Schema(ctx, home, d.node)
	if err != nil {
		return dump.Result{}, schema, err
	}
	schema.Set = storageset.Key(d.set)
	schema.Objects = slices.DeleteFunc(schema.Objects, func(o dump.Object) bool { return own(o.Name) })
	result := dump.Make(schema)
	err = result.Allow(d.group, func(place ops.Place) (string, ops.Env) { return home, schema.Envs[place.Target] })
	return result, schema, err
}

func (d dumping) files(result dump.Result, from string) ([]scaffold.File, error) {
	files := make([]scaffold.File, len(result.Files))
	for i, f := range result.Files {
		text, err := f.Text(from)
		if err != nil {
			return nil, err
		}
		files[i] = scaffold.File{Path: filepath.Join(d.dir, f.Name()), Text: string(text)}
	}
	return files, nil
}

// sayDumped says what is not in the files, what is to be looked at, and what comes next.
func (a *app) sayDumped(d dumping, result dump.Result, elsewhere []string) {
	w := a.program.Stderr
	for _, f := range result.Files {
		for _, note := range f.Notes {
			fmt.Fprintf(w, "%s: %s\n", f.Migration.ID, note)
		}
	}
	for _, note := range result.LeftOut {
		fmt.Fprintf(w, "LEFT OUT  %s: %s\n", note.Name, note.Text)
	}
	if len(elsewhere) > 0 {
		fmt.Fprintf(w, "LEFT OUT  other databases: %s\n", strings.Join(elsewhere, ", "))
	}
	fmt.Fprintln(w, "LEFT OUT  users, roles, grants, row policies, quotas, settings profiles, named collections, rows")
	if a.quiet {
		return
	}
	fmt.Fprintf(w, "%s in %s\n", count(len(result.Files), "migration"), d.dir)
	if d.unnamed != "" {
		fmt.Fprintf(w, "Name it in %s: groups: [{name: %s, dir: %s, storage_sets: [%s]}]\n", d.unnamed, d.group, d.dir, d.set)
	}
	fmt.Fprintf(w, "On an empty cluster: skein migrate. Where the tables are there: skein baseline %s\n", d.group)
}

// own says that a table is one of skein's.
func own(table string) bool {
	for _, m := range state.System().Migrations {
		for _, t := range migration.Tables(m.Forward) {
			if t.Name == table {
				return true
			}
		}
	}
	return strings.HasPrefix(table, "migrations_lock_")
}

package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/importer"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/scaffold"
	"github.com/skein-migrate/skein/storageset"
)

// groupOf finds the group that the files go to.
func (t *takeover) groupOf(cfg *config.Config) (config.Group, error) {
	var with []config.Group
	var names []string
	for _, group := range cfg.Groups {
		if group.Dir != "" {
			with, names = append(with, group), append(names, group.Name)
		}
	}
	switch {
	case t.group == "" && len(with) == 1:
		return with[0], nil
	case t.group == "":
		return config.Group{}, journal.Usagef("--group says which group they become: a group of skein.yaml that has a dir (there are: %s)", orNone(names))
	}
	if i := slices.Index(names, t.group); i >= 0 {
		return with[i], nil
	}
	return config.Group{}, journal.Usagef("group %[1]q has no dir in skein.yaml, where the files would go: "+
		"groups: [{name: %[1]s, dir: migrations/%[1]s, storage_sets: [NAME]}] (with a dir there are: %[2]s)", t.group, orNone(names))
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// setsOf are the storage sets of a group, in skein.yaml or in this program.
func (a *app) setsOf(overlay config.Group) []storageset.Key {
	for _, group := range a.program.Groups {
		if group.Name == overlay.Name && len(overlay.StorageSets) == 0 {
			return group.StorageSets
		}
	}
	return slices.Clone(overlay.StorageSets)
}

// pick puts the storage set of the statements first.
func (t *takeover) pick(options *importer.Options) (storageset.Key, error) {
	set := storageset.Key(t.set)
	switch sets := options.StorageSets; {
	case set == "" && len(sets) == 1:
		return sets[0], nil
	case set == "":
		return "", journal.Usagef("group %q has not one storage set: say which the statements are of with --storage-set, "+
			"or give it one in skein.yaml: storage_sets: [NAME]", t.overlay.Name)
	case len(sets) > 0 && !slices.Contains(sets, set):
		return "", journal.Usagef("--storage-set %s is not of group %q (there are: %v)", set, t.overlay.Name, sets)
	}
	rest := slices.DeleteFunc(options.StorageSets, func(key storageset.Key) bool { return key == set })
	options.StorageSets = append([]storageset.Key{set}, rest...)
	return set, nil
}

// mark reads the other tool's table, and says where it was read.
func (t *takeover) mark(cmd *cobra.Command, w *wired) (string, error) {
	name, err := t.config.StorageSets().Cluster(t.home)
	if err != nil {
		return "", &journal.UsageError{Err: err}
	}
	c, err := w.clusters.Cluster(cmd.Context(), name)
	if err != nil {
		return "", err
	}
	table := ops.Table{Database: c.Database(), Name: t.tool.Table}
	if t.table != "" {
		table.Name = t.table
		if database, bare, found := strings.Cut(t.table, "."); found {
			table.Database, table.Name = database, bare
		}
	}
	rows, nodes, err := c.Everywhere(cmd.Context(), table, func(columns []string) (string, error) {
		if lacking := t.tool.Lacking(columns); len(lacking) > 0 {
			return "", fmt.Errorf("table %s is not %s's, it has no column %s: say which it is with --table", table, t.tool.Name, strings.Join(lacking, ", "))
		}
		return t.tool.Query(table.SQL(), columns), nil
	})
	if err != nil {
		return "", err
	}
	if len(nodes) == 0 {
		return "", journal.Refusef("no node of cluster %q has table %s, where %s keeps its state: say where it is with --table", name, table, t.tool.Name)
	}
	if t.migrations, t.notes, err = t.tool.Mark(t.migrations, rows); err != nil {
		return "", journal.Refusef("%s, nothing was changed\n%w", table, err)
	}
	t.notes = append(t.notes, gaps(t.overlay.Name, t.migrations)...)
	return fmt.Sprintf("%s on %s", table, strings.Join(nodes, ", ")), nil
}

// gaps says what migrate is going to say of a pending migration before one that is
// applied.
func gaps(group string, migrations []importer.Migration) []string {
	last := -1
	for i, m := range migrations {
		if m.Applied {
			last = i
		}
	}
	var notes []string
	for i, m := range migrations {
		if i < last && !m.Applied {
			notes = append(notes, fmt.Sprintf("%s is not applied, and %s after it is: migrate will refuse to go on until "+
				"skein run --group %s --migration-id %s", m.ID, migrations[last].ID, group, m.ID))
		}
	}
	return notes
}

func (t *takeover) applied() []coordinator.Imported {
	var out []coordinator.Imported
	for _, m := range t.migrations {
		if m.Applied {
			out = append(out, coordinator.Imported{ID: m.ID, At: m.At})
		}
	}
	return out
}

func (t *takeover) show(w io.Writer, where string) {
	fmt.Fprintf(w, "%s, %s\n%s\n", t.tool.Name, where, t.overlay.Name)
	for _, m := range t.migrations {
		box, at := "[ ]", ""
		if m.Applied {
			box, at = "[X]", m.At.UTC().Format(time.DateTime)
		}
		fmt.Fprintf(w, "  %s %-34s %-19s  from %s\n", box, m.ID, at, strings.Join(m.From, ", "))
	}
	for _, note := range t.notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	applied := len(t.applied())
	fmt.Fprintf(w, "%s to write into %s, %s to record as completed, %d pending. No statement of theirs is run.\n",
		count(len(t.files), "file"), t.overlay.Dir, count(applied, "migration"), len(t.migrations)-applied)
}

// write writes the files that are not there.
func (t *takeover) write() error {
	files := make([]scaffold.File, len(t.files))
	for i, m := range t.files {
		files[i] = scaffold.File{Path: filepath.Join(t.overlay.Dir, m.File), Text: string(m.Text)}
	}
	return createFiles(files)
}

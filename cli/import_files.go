package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/importer"
	"github.com/skein-migrate/skein/journal"
)

// missingFiles are the migrations whose files are not in the directory of their
// group. One that is there and is another, and one that nobody speaks of, are
// refused: an import that was cut short goes on, and nothing is written over.
func missingFiles(dir string, migrations []importer.Migration) ([]importer.Migration, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !isNotThere(err) {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	for _, entry := range entries {
		name := entry.Name()
		ext := filepath.Ext(name)
		ours := slices.ContainsFunc(migrations, func(m importer.Migration) bool { return m.File == name })
		if !ours && !strings.HasPrefix(name, ".") && slices.Contains([]string{".sql", ".yaml", ".yml"}, ext) {
			return nil, journal.Usagef("%s has %s, which is not of the migrations that are imported: give the group a directory of its own", dir, name)
		}
	}
	var missing []importer.Migration
	for _, m := range migrations {
		path := filepath.Join(dir, m.File)
		have, err := os.ReadFile(path)
		switch {
		case isNotThere(err):
			missing = append(missing, m)
		case err != nil:
			return nil, fmt.Errorf("look at what is there: %w", err)
		case !bytes.Equal(have, m.Text):
			return nil, journal.Usagef("%s is there already, and is not what %s becomes: take it away", path, strings.Join(m.From, ", "))
		}
	}
	return missing, nil
}

func samePlace(a, b string) bool {
	first, err := os.Stat(a)
	second, other := os.Stat(b)
	return err == nil && other == nil && os.SameFile(first, second)
}

// isNotThere says that a file or directory does not exist.
func isNotThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }

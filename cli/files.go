package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/scaffold"
)

// createFiles writes files that are not there. If one is, none is written.
func createFiles(files []scaffold.File) error {
	var there []string
	for _, file := range files {
		if _, err := os.Lstat(file.Path); err == nil {
			there = append(there, file.Path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return journal.Usagef("look for %s: %w", file.Path, err)
		}
	}
	switch len(there) {
	case 0:
	case 1:
		return journal.Usagef("%s is there already, nothing was written", there[0])
	default:
		return journal.Usagef("%s are there already, nothing was written", strings.Join(there, ", "))
	}
	for _, file := range files {
		if err := createFile(file); err != nil {
			return fmt.Errorf("write %s: %w", file.Path, err)
		}
	}
	return nil
}

func createFile(file scaffold.File) error {
	if err := os.MkdirAll(filepath.Dir(file.Path), 0o755); err != nil {
		return err
	}
	// Somebody may have made it since it was looked for.
	out, err := os.OpenFile(file.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = out.WriteString(file.Text)
	return errors.Join(err, out.Close())
}

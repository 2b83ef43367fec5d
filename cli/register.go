package cli

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/scaffold"
)

// registerMigration adds a Go migration to the list of its group.
func (a *app) registerMigration(n scaffold.Migration) error {
	call := scaffold.FuncName(n.ID) + "()"
	done, err := editOne(n.Dir, func(source []byte) ([]byte, error) { return scaffold.AddMigration(source, call) })
	if err != nil {
		return err
	}
	if done == "" {
		fmt.Fprintf(a.program.Stderr, "No Go file of %s has a []migration.Migration{…}: add %s to the migrations of the group yourself\n", n.Dir, call)
		return nil
	}
	a.say("%s was added to %s\n", call, done)
	return nil
}

// registerGroup adds the package of a group to the program beside skein.yaml.
func (a *app) registerGroup(cmd *cobra.Command, n scaffold.Migration, importPath string) error {
	pkg := scaffold.PackageName(n.Group)
	alias := ""
	if path.Base(importPath) != pkg {
		alias = pkg
	}
	cfg, err := config.Load(config.Options{Flags: cmd.Flags()})
	if err != nil {
		return err
	}
	call := pkg + ".Group()"
	done, err := editOne(filepath.Dir(cfg.Source), func(source []byte) ([]byte, error) {
		return scaffold.AddGroup(source, call, importPath, alias)
	})
	if err != nil {
		return err
	}
	if done == "" {
		fmt.Fprintf(a.program.Stderr, "No Go file beside %s has a []migration.Group{…}: give %s of %q to cli.Main yourself, "+
			"or nothing runs what is in Go\n", cfg.Source, call, importPath)
		return nil
	}
	a.say("%s was added to %s\n", call, done)
	return nil
}

func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.program.Stderr, format, args...)
	}
}

// editOne changes the first Go file of a directory that has the list, and says which.
func editOne(dir string, edit func([]byte) ([]byte, error)) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		edited, err := edit(source)
		if errors.Is(err, scaffold.ErrNoList) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("register in %s: %w", file, err)
		}
		return file, os.WriteFile(file, edited, 0o644)
	}
	return "", nil
}

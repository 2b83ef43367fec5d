package cli

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/docs/schema"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/scaffold"
)

func (a *app) initCommand() *cobra.Command {
	p := scaffold.Project{ConfigSchema: schema.Config(), MigrationSchema: schema.Migration()}
	var written, module string
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a project to start from",
		Long: `init writes a project to start from into DIR, or here: skein.yaml, a group with its
first migration, and the JSON Schemas that editors complete and check by. What it
writes is valid as it is; the addresses in skein.yaml are to be filled in.

With --format go it is a Go program too: a module, unless DIR is in one, and a main
that has the group. Nothing is asked of a server, and nothing is overwritten.`,
		Example: "  skein init\n  skein init shop --format yaml --group orders --single-node",
		Args:    exactly(1, "at most a directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Dir = "."
			if len(args) == 1 {
				p.Dir = args[0]
			}
			if p.Set == "" {
				p.Set = p.Group
			}
			var err error
			if p.Format, err = scaffold.ParseFormat(written); err != nil {
				return journal.Usagef("--%w", err)
			}
			for _, text := range []string{p.Group, p.Set} {
				if !plainName(text) || text == "system" || text == "migrations" {
					return journal.Usagef("%q cannot be the name of a group or a storage set: letters, digits, _ and - can, but not system or migrations, which are skein's own", text)
				}
			}
			if p.Format == scaffold.Go {
				if p.Module, p.GoMod, err = moduleOf(p.Dir, module); err != nil {
					return err
				}
			}
			return a.init(cmd, p)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&written, "format", "sql", "how the first migration is written: sql, yaml or go")
	flags.StringVarP(&p.Group, "group", "g", "events", "the first group")
	flags.StringVar(&p.Set, "storage-set", "", "the storage set of its tables (default: called as the group)")
	flags.BoolVar(&p.SingleNode, "single-node", false, "for one server in place of a cluster")
	flags.StringVar(&module, "module", "", "with --format go: the new module (default: called as DIR)")
	return cmd
}

func (a *app) init(cmd *cobra.Command, p scaffold.Project) error {
	files, err := p.Files()
	if err != nil {
		return err
	}
	if err := createFiles(files); err != nil {
		return err
	}
	for _, file := range files {
		fmt.Fprintln(cmd.OutOrStdout(), file.Path)
	}
	if a.quiet {
		return nil
	}
	next := "skein"
	w := a.program.Stderr
	fmt.Fprintf(w, "Next:\n  fill in the hosts in %s\n", files[0].Path)
	if p.Dir != "." {
		fmt.Fprintf(w, "  cd %s\n", p.Dir)
	}
	if p.Format == scaffold.Go {
		next = "go run ."
		if p.GoMod {
			fmt.Fprintln(w, "  go get github.com/skein-migrate/skein")
		}
	}
	fmt.Fprintf(w, "  %s plan\n  %s migrate\n  %s new %s NAME\n", next, next, next, p.Group)
	return nil
}

// plainName says that a text can be a group, a storage set and part of a path.
func plainName(text string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`).MatchString(text)
}

// moduleOf is the Go import path of a directory, and whether its module is yet to be made.
func moduleOf(dir, wanted string) (module string, missing bool, err error) {
	whole, err := filepath.Abs(dir)
	if err != nil {
		return "", false, err
	}
	below := ""
	for at := whole; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		switch {
		case err == nil && wanted != "":
			return "", false, journal.Usagef("%s is in the module of %s: leave --module out", dir, filepath.Join(at, "go.mod"))
		case err == nil:
			found := regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`).FindSubmatch(text)
			if found == nil {
				return "", false, journal.Usagef("%s names no module", filepath.Join(at, "go.mod"))
			}
			return path.Join(string(found[1]), below), false, nil
		case !errors.Is(err, os.ErrNotExist):
			return "", false, journal.Usagef("look for a Go module: %w", err)
		}
		if at == filepath.Dir(at) {
			break
		}
		below = path.Join(filepath.Base(at), below)
	}
	if wanted == "" {
		wanted = strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9_.-]+`).ReplaceAllString(filepath.Base(whole), ""))
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_.~-]+(/[A-Za-z0-9_.~-]+)*$`).MatchString(wanted) {
		return "", false, journal.Usagef("%q cannot be the name of a Go module: say another with --module", wanted)
	}
	return wanted, true, nil
}

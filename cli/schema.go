package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/docs/schema"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [migration|config|events]",
		Short: "The JSON Schema of YAML migrations, of skein.yaml, or of --events",
		Long: `Print the JSON Schema (2020-12) of YAML migrations, or of skein.yaml: with it an
editor completes keys, shows what they mean and underlines what is wrong. That of
events is what programs can rely on that read --events.

A file names its schema in its first line:

  # yaml-language-server: $schema=./migration.schema.json`,
		Example: `  skein schema > migrations/migration.schema.json
  skein schema config > skein.schema.json`,
		Args:      exactly(1, "migration, config or events"),
		ValidArgs: []string{"migration", "config", "events"},
		RunE: func(cmd *cobra.Command, args []string) error {
			text := schema.Migration()
			switch {
			case len(args) == 1 && args[0] == "config":
				text = schema.Config()
			case len(args) == 1 && args[0] == "events":
				text = schema.Events()
			case len(args) == 1 && args[0] != "migration":
				return journal.Usagef("no schema %q: there are migration, config and events", args[0])
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
}

package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
)

func (a *app) configShowCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "The configuration in effect, and where each value came from",
		Long: `show prints each key that has a value, and what gave it: a place in skein.yaml, an
environment's section of it, a variable (of .env.local, if it stands there), a flag,
or a default. Keys are named as in error messages.

A secret is shown as the reference that is configured, and never read; one that is
written out is "(hidden)". No cluster is contacted.

In JSON: file, environment, local_file, and values with key, value, source (flag,
variable, environment, file, default) and origin.`,
		Example: "  skein config show --env staging\n  skein config show --output json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			cfg, err := config.Load(config.Options{Flags: cmd.Flags()})
			if err != nil {
				return err
			}
			if output == "json" {
				return writeJSON(cmd.OutOrStdout(), shownConfig{cfg.Source, cfg.Environment, cfg.LocalFile, cfg.Values()})
			}
			return printConfig(cmd.OutOrStdout(), cfg)
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

type shownConfig struct {
	File        string         `json:"file"`
	Environment string         `json:"environment,omitempty"`
	LocalFile   string         `json:"local_file,omitempty"`
	Values      []config.Value `json:"values"`
}

func printConfig(w io.Writer, cfg *config.Config) error {
	fmt.Fprint(w, cfg.Source)
	if cfg.Environment != "" {
		fmt.Fprintf(w, ", environment %s by %s", cfg.Environment, cfg.Origin("environment"))
	}
	if cfg.LocalFile != "" {
		fmt.Fprintf(w, ", variables of %s", cfg.LocalFile)
	}
	fmt.Fprint(w, "\n\n")
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, value := range cfg.Values() {
		fmt.Fprintf(columns, "%s\t%s\t%s\n", value.Key, flow(value.Value), value.Origin)
	}
	return columns.Flush()
}

// flow writes a value on one line, lists and tables as YAML has them there.
func flow(value any) string {
	switch value := value.(type) {
	case []string:
		return "[" + strings.Join(value, ", ") + "]"
	case map[string]string:
		entries := make([]string, 0, len(value))
		for _, key := range slices.Sorted(maps.Keys(value)) {
			entries = append(entries, key+": "+value[key])
		}
		return "{" + strings.Join(entries, ", ") + "}"
	}
	return fmt.Sprint(value)
}

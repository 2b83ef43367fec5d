package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) configCheckCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Everything that is wrong with the configuration, without asking a server",
		Long: `check reads skein.yaml, all its environments, and the files of migrations that it
names, and says everything that is wrong, each mistake with its file and line. Of the
environment that --env or SKEIN_ENV chooses it also reads every secret, which it does
not show, and every file of TLS.

It contacts no cluster: whether hosts answer and passwords are right is not known
afterwards. A secret of ssm: is asked for where it is.

In JSON: file, environment, local_file, how many clusters, groups and secrets there
are, and problems, each with place (file:line:column, a variable or a flag; left out
where there is none) and text.

Exit codes: 0 nothing is wrong; 2 something is.`,
		Example: "  skein config check\n  skein config check --env production\n  skein config check --output json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			checked, err := a.checkConfig(cmd)
			if output == "json" {
				checked.Problems = problemsOf(err)
				a.checking = err != nil // what is wrong is in the output
				return errors.Join(err, writeJSON(cmd.OutOrStdout(), checked))
			}
			if err != nil {
				return err
			}
			environment := ""
			if checked.Environment != "" {
				environment = ", environment " + checked.Environment
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s%s: nothing is wrong with %s and %s; %s read. No cluster was contacted.\n",
				checked.File, environment, count(checked.Clusters, "cluster"), count(checked.Groups, "group"), wereRead(checked.Secrets))
			return nil
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

// checkedConfig is what config check has looked at, as far as it could be read.
type checkedConfig struct {
	File        string          `json:"file,omitempty"`
	Environment string          `json:"environment,omitempty"`
	LocalFile   string          `json:"local_file,omitempty"`
	Clusters    int             `json:"clusters"`
	Groups      int             `json:"groups"`
	Secrets     int             `json:"secrets"`
	Problems    []configProblem `json:"problems"`
}

type configProblem struct {
	Place string `json:"place,omitempty"`
	Text  string `json:"text"`
}

func (a *app) checkConfig(cmd *cobra.Command) (checkedConfig, error) {
	cfg, err := config.Check(cmd.Context(), config.Options{Flags: cmd.Flags()})
	if cfg == nil {
		return checkedConfig{}, err
	}
	out := checkedConfig{
		File: cfg.Source, Environment: cfg.Environment, LocalFile: cfg.LocalFile,
		Clusters: len(cfg.Clusters), Groups: len(cfg.Groups), Secrets: cfg.References(),
	}
	registry, wrong := a.registry(cfg)
	if err == nil && wrong == nil {
		wrong = cfg.CheckStorageSets(registry.StorageSets())
	}
	if err := errors.Join(err, wrong); err != nil {
		return out, err
	}
	a.warnOfPlain(cfg)
	out.Groups = len(registry.Groups()) - 1 // that of skein's own tables is nobody's to count
	return out, nil
}

// problemsOf takes an error apart that was joined of many.
func problemsOf(err error) []configProblem {
	var (
		usage *journal.UsageError
		ofKey *config.Problem
		inOne *yamlnode.Problem
	)
	several, joined := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return []configProblem{}
	case joined:
		out := []configProblem{}
		for _, each := range several.Unwrap() {
			out = append(out, problemsOf(each)...)
		}
		return out
	case errors.As(err, &usage) && usage.Error() == err.Error() && usage.Err != nil:
		return problemsOf(usage.Err)
	case errors.As(err, &ofKey) && ofKey.Error() == err.Error():
		return []configProblem{{ofKey.Place(), ofKey.Text}}
	case errors.As(err, &inOne) && inOne.Error() == err.Error():
		return []configProblem{{strings.TrimSuffix(inOne.Error(), ": "+inOne.Text), inOne.Text}}
	}
	return []configProblem{{Text: err.Error()}}
}

func wereRead(secrets int) string {
	if secrets == 1 {
		return "1 secret was"
	}
	return fmt.Sprintf("%d secrets were", secrets)
}

// warnOfPlain says which passwords would be sent in plain text, as far as the
// configured hosts tell.
func (a *app) warnOfPlain(cfg *config.Config) {
	for _, c := range cfg.Clusters {
		password := ""
		if !c.Password.IsZero() {
			password = "given"
		}
		reach := a.dialled(cfg, c, password)
		for _, host := range c.Hosts {
			reach(host)
		}
	}
	a.warnOfPlainAuth(cfg)
}

// warnOfPlainAuth is about the identity that ZooKeeper is told, which is a password
// as well.
func (a *app) warnOfPlainAuth(cfg *config.Config) {
	c := cfg.Coordination
	if c.Auth.IsZero() || c.TLS != nil {
		return
	}
	for _, server := range c.ZooKeeper {
		if !config.IsLoopback(server) {
			a.warnPlain(cfg, "coordination.auth", server, "coordination.tls")
			return
		}
	}
}

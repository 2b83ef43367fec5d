package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
)

func (a *app) configCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Everything that is wrong with the configuration, without asking a server",
		Long: `check reads skein.yaml, all its environments, and the files of migrations that it
names, and says everything that is wrong, each mistake with its file and line. Of the
environment that --env or SKEIN_ENV chooses it also reads every secret, which it does
not show, and every file of TLS.

It contacts no cluster: whether hosts answer and passwords are right is not known
afterwards. A secret of ssm: is asked for where it is.

Exit codes: 0 nothing is wrong; 2 something is.`,
		Example: "  skein config check\n  skein config check --env production",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Check(cmd.Context(), config.Options{Flags: cmd.Flags()})
			if cfg == nil {
				return err
			}
			registry, wrong := a.registry(cfg)
			if err == nil && wrong == nil {
				wrong = cfg.CheckStorageSets(registry.StorageSets())
			}
			if err := errors.Join(err, wrong); err != nil {
				return err
			}
			a.warnOfPlain(cfg)
			environment := ""
			if cfg.Environment != "" {
				environment = ", environment " + cfg.Environment
			}
			// The group of skein's own tables is nobody's to count.
			fmt.Fprintf(cmd.OutOrStdout(), "%s%s: nothing is wrong with %s and %s; %s read. No cluster was contacted.\n",
				cfg.Source, environment, count(len(cfg.Clusters), "cluster"), count(len(registry.Groups())-1, "group"),
				wereRead(cfg.References()))
			return nil
		},
	}
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

package cli

import (
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "The configuration: what is in effect, and what is wrong with it",
		Long: `config looks at skein.yaml, at the environment that --env or SKEIN_ENV chooses in
it, at variables and at flags. It contacts no cluster.`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.configShowCommand(), a.configCheckCommand())
	return cmd
}

func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.program.Stderr, "skein: warning: "+format+"\n", args...)
}

// dialled says where the nodes of a cluster are reached. The first time that its
// password is about to leave this machine without TLS, that is said: most nodes
// are known only once a server named them.
func (a *app) dialled(cfg *config.Config, c config.Cluster, password string) func(node string) string {
	var once sync.Once
	return func(node string) string {
		address := c.Translate(node)
		if password != "" && c.TLS == nil && !config.IsLoopback(address) {
			once.Do(func() { a.warnPlain(cfg, fmt.Sprintf("the password of cluster %q", c.Name), address, c.Key("tls")) })
		}
		return address
	}
}

// warnPlain says that a secret can be read on its way, and which key mends it.
func (a *app) warnPlain(cfg *config.Config, what, address, key string) {
	a.warn("%s goes to %s in plain text, for all on the way to read: set %s (%s)", what, address, key, cfg.Where(key))
}

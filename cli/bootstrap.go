package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/access"
	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) bootstrapCommand() *cobra.Command {
	var (
		output        string
		dryRun, force bool
	)
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Make databases, roles, users and grants that the configuration declares",
		Long: `bootstrap makes what has to be there before the first migration: the databases of
clusters, and what access declares: databases, roles, users, and what they may do.
It looks at every node, and makes only what a node lacks, where it lacks it: a second
run says that there is nothing to do. It drops, revokes and changes nothing else.

It signs in as access.user, or as the cluster's user. Passwords are sent as salted
hashes; whether a user has the configured password is seen by signing in. Where a
user does not sign in with it, bootstrap changes nothing before --force is given.

Exit code 3 if something declared cannot be made by SQL there: servers before 20.6
have no users of SQL, and others may be configured without a place for them. All
else is made. It takes no lock.`,
		Example: "  skein bootstrap --dry-run\n  skein bootstrap",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			cfg, err := config.Load(config.Options{Flags: cmd.Flags()})
			if err != nil {
				return err
			}
			results, failure := a.bootstrap(cmd, cfg, dryRun, force)
			if len(results) == 0 {
				return failure
			}
			if output == "json" {
				failure = errors.Join(failure, writeJSON(cmd.OutOrStdout(), map[string]any{"clusters": results}))
			} else {
				printBootstrap(cmd.OutOrStdout(), results, dryRun, failure)
			}
			return failure
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be made, and make nothing")
	cmd.Flags().BoolVar(&force, "force", false, "change passwords that are not the configured ones")
	outputFlag(cmd, &output)
	return cmd
}

// bootstrap goes from cluster to cluster. It stops at the first that fails.
func (a *app) bootstrap(cmd *cobra.Command, cfg *config.Config, dryRun, force bool) ([]access.Result, error) {
	passwords, secrets, err := bootstrapPasswords(cmd, cfg)
	if err != nil {
		return nil, err
	}
	admin, err := asAdministrator(cfg, secrets)
	if err != nil {
		return nil, err
	}
	clusters, err := a.clusters(cmd.Context(), admin)
	if err != nil {
		return nil, err
	}
	printer := a.printer()
	a.closers = append(a.closers, printer.close)
	run := ulid.Make().String()
	var results []access.Result
	var failures []error
	for _, c := range cfg.Clusters {
		declared, err := declaredOn(cfg, c, passwords)
		if err != nil {
			return results, err
		}
		result, err := access.Bootstrap(cmd.Context(), access.Options{
			Servers: clusters, Cluster: c.Name, Declared: declared, RunID: run, Events: printer.event, Force: force, DryRun: dryRun,
		})
		if result.Changes != nil { // it got as far as to compare
			results = append(results, result)
		}
		var refused *journal.PreflightError
		if err != nil {
			failures = append(failures, err)
		}
		if err != nil && !errors.As(err, &refused) {
			break
		}
	}
	return results, errors.Join(failures...)
}

// bootstrapPasswords reads the passwords of users, and makes the hashes that
// statements refer to.
func bootstrapPasswords(cmd *cobra.Command, cfg *config.Config) (map[string]access.Password, map[string]config.Secret, error) {
	passwords, secrets := map[string]access.Password{}, map[string]config.Secret{}
	for i, user := range cfg.Access.Users {
		key := fmt.Sprintf("access.users[%d]", i)
		value, err := user.Password.Resolve(cmd.Context())
		if err == nil && value == "" {
			err = errors.New("it is empty")
		}
		if err != nil {
			return nil, nil, cfg.Errorf(key+".password", "%s.password: %v", key, err)
		}
		password, err := access.NewPassword(key, value)
		if err != nil {
			return nil, nil, err
		}
		passwords[user.Name] = password
		for name, value := range password.Secrets() {
			secrets[name] = config.Literal(value)
		}
	}
	return passwords, secrets, nil
}

// asAdministrator is the configuration with the user that bootstrap signs in as. Its
// connections begin in a database that every server has.
func asAdministrator(cfg *config.Config, secrets map[string]config.Secret) (*config.Config, error) {
	admin := *cfg
	admin.Clusters, admin.Secrets = slices.Clone(cfg.Clusters), secrets
	for i := range admin.Clusters {
		admin.Clusters[i].Database = "system"
		if cfg.Access.User != "" {
			admin.Clusters[i].User, admin.Clusters[i].Password = cfg.Access.User, cfg.Access.Password
		}
	}
	if cfg.Access.User == "" && !cfg.Access.Password.IsZero() {
		return nil, cfg.Errorf("access.password", "access.password: goes with access.user")
	}
	return &admin, nil
}

// declaredOn is what one cluster should have.
func declaredOn(cfg *config.Config, c config.Cluster, passwords map[string]access.Password) (access.Declared, error) {
	var d access.Declared
	for _, database := range cfg.Access.Databases {
		if config.On(c.Name, database.Clusters) {
			d.Databases = append(d.Databases, access.Database{Name: database.Name, Engine: database.Engine})
		}
	}
	if !slices.ContainsFunc(d.Databases, func(have access.Database) bool { return have.Name == c.Database }) {
		d.Databases = append([]access.Database{{Name: c.Database}}, d.Databases...)
	}
	for i, role := range cfg.Access.Roles {
		if !config.On(c.Name, role.Clusters) {
			continue
		}
		grants, err := parsedGrants(cfg, fmt.Sprintf("access.roles[%d]", i), role.Grants)
		if err != nil {
			return d, err
		}
		d.Roles = append(d.Roles, access.Role{Name: role.Name, Grants: grants})
	}
	for i, user := range cfg.Access.Users {
		if !config.On(c.Name, user.Clusters) {
			continue
		}
		grants, err := parsedGrants(cfg, fmt.Sprintf("access.users[%d]", i), user.Grants)
		if err != nil {
			return d, err
		}
		d.Users = append(d.Users, access.User{Name: user.Name, Password: passwords[user.Name], Roles: user.Roles, Grants: grants})
	}
	return d, nil
}

func parsedGrants(cfg *config.Config, key string, texts []string) ([]access.Grant, error) {
	grants := make([]access.Grant, len(texts))
	for i, text := range texts {
		var err error
		if grants[i], err = access.ParseGrant(text); err != nil {
			return nil, cfg.Errorf(key+".grants", "%s.grants: %v", key, err)
		}
	}
	return grants, nil
}

func printBootstrap(w io.Writer, results []access.Result, dryRun bool, failure error) {
	changes := 0
	for _, r := range results {
		changes += len(r.Changes)
		for _, change := range r.Changes {
			forced := ""
			if change.Force {
				forced = "  (needs --force)"
			}
			fmt.Fprintf(w, "%s  %s: %s%s\n    %s\n", r.Cluster, change.What, change.How, forced, strings.Join(change.Nodes, ", "))
			if dryRun {
				for _, statement := range change.Statement {
					fmt.Fprintf(w, "    %s\n", indent(statement, "    "))
				}
			}
		}
		for _, unmade := range r.Unmade {
			fmt.Fprintf(w, "%s  CANNOT BE MADE  %s\n", r.Cluster, unmade)
		}
		if strings.Contains(strings.Join(r.Unmade, " "), "users of SQL") {
			fmt.Fprintf(w, "%s  users, roles and grants can be written into users.xml of these nodes: docs/bootstrap.md shows how\n", r.Cluster)
		}
		for _, note := range r.Notes {
			fmt.Fprintf(w, "%s  note: %s\n", r.Cluster, note)
		}
	}
	switch {
	case dryRun && changes > 0:
		fmt.Fprintf(w, "%s to make. Nothing was run.\n", count(changes, "change"))
	case changes == 0 && failure == nil:
		fmt.Fprintln(w, "Nothing to do.")
	case failure == nil:
		fmt.Fprintf(w, "%s made.\n", count(changes, "change"))
	}
}

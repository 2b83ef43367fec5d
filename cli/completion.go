package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/migration"
)

// completer lists what an argument or a flag may be. It asks no server: what it
// knows is in skein.yaml, in the files that it names, and compiled in.
type completer = func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective)

// complete gives every command of the tree its completions: flags by their names,
// so that a new command has them too, arguments by the command.
func (a *app) complete(root *cobra.Command) {
	root.SetOut(a.program.Stdout) // which the scripts are written to
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Long = completionLong
		}
	}
	a.completeBelow(root, a.flagCompleters(), a.argumentCompleters())
}

const completionLong = `completion prints a script for your shell: commands and flags are then completed,
and groups, IDs of migrations, environments (--env), and nodes (--without) of the
skein.yaml in the current folder, or of --config. No server is asked.

  bash   source <(skein completion bash)          needs the package bash-completion
         to keep it: skein completion bash > /etc/bash_completion.d/skein
  zsh    source <(skein completion zsh)           after: autoload -U compinit; compinit
         to keep it: skein completion zsh > "${fpath[1]}/_skein"
  fish   skein completion fish | source
         to keep it: skein completion fish > ~/.config/fish/completions/skein.fish

A program with Go migrations of its own completes those too: its name for skein.`

func (a *app) completeBelow(cmd *cobra.Command, flags, arguments map[string]completer) {
	set := func(flag *pflag.Flag) {
		complete, known := flags[flag.Name]
		if _, has := cmd.GetFlagCompletionFunc(flag.Name); known && !has {
			// Both errors of it are excluded: the flag is there, and has none.
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, complete)
		}
	}
	cmd.LocalFlags().VisitAll(set)
	if complete, known := arguments[cmd.CommandPath()]; known {
		cmd.ValidArgsFunction = complete
	} else if !cmd.HasSubCommands() && cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, below := range cmd.Commands() {
		a.completeBelow(below, flags, arguments)
	}
}

func (a *app) flagCompleters() map[string]completer {
	return map[string]completer{
		"group":        a.groupNames,
		"migration-id": a.migrationIDs,
		"without":      a.nodeNames,
		"env":          a.environmentNames,
		"storage-set":  a.storageSets,
		"readiness":    readinessStates,
		"only":         checkCompleter(doctor.Checks()),
		"skip":         checkCompleter(doctor.Checks()),
		"skip-check":   checkCompleter(doctor.Before()),
		"output":       cobra.FixedCompletions([]cobra.Completion{"text", "json"}, cobra.ShellCompDirectiveNoFileComp),
		"ddl": cobra.FixedCompletions([]cobra.Completion{string(config.OnCluster), string(config.Direct)},
			cobra.ShellCompDirectiveNoFileComp),
		"node-concurrency": cobra.NoFileCompletions,
		"config":           cobra.FixedCompletions([]cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt),
	}
}

// argumentCompleters are by the path of the command. Those that are not here take
// nothing that could be completed, not even files.
func (a *app) argumentCompleters() map[string]completer {
	return map[string]completer{
		"skein plan": a.through, "skein migrate": a.through, "skein revert": a.through,
		"skein baseline": a.groupThenID, "skein show": a.groupThenID,
		"skein new":  firstOf(a.groupNames),
		"skein init": cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
	}
}

// firstOf completes one argument and none behind it.
func firstOf(complete completer) completer {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, toComplete)
	}
}

const asListedOnly = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder

// offer describes what begins as what is typed. What is said of it is of one line.
func offer(list []cobra.Completion, typed, value, about string) []cobra.Completion {
	if !strings.HasPrefix(value, typed) {
		return list
	}
	return append(list, cobra.CompletionWithDesc(value, about))
}

// trouble shows, where a shell can, why there is nothing to offer.
func trouble(err error) ([]cobra.Completion, cobra.ShellCompDirective) {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return cobra.AppendActiveHelp(nil, "nothing to complete from: "+line), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) groupNames(cmd *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	_, registry, err := a.known(cmd)
	if err != nil {
		return trouble(err)
	}
	var out []cobra.Completion
	for _, group := range registry.Groups() {
		about := fmt.Sprintf("%s, %s", count(len(group.Migrations), "migration"), group.Readiness)
		if registry.Inactive(group.Name) != "" {
			about += ", left alone"
		}
		out = offer(out, toComplete, group.Name, about)
	}
	return out, asListedOnly
}

// named are the groups that the flags name so far.
func named(cmd *cobra.Command) []string {
	flag := cmd.Flags().Lookup("group")
	switch {
	case flag == nil:
		return nil
	case flag.Value.Type() == "stringSlice":
		names, _ := cmd.Flags().GetStringSlice("group") // of that type
		slices.Sort(names)
		return slices.Compact(names) // cobra parses flags twice where it completes arguments
	case flag.Changed:
		return []string{flag.Value.String()}
	}
	return nil
}

// migrationIDs are those of the groups that --group names, or all.
func (a *app) migrationIDs(cmd *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.idsOf(cmd, named(cmd), toComplete)
}

// through completes THROUGH, which is nothing without its one group.
func (a *app) through(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	groups := named(cmd)
	if len(args) > 0 || len(groups) != 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.idsOf(cmd, groups, toComplete)
}

func (a *app) groupThenID(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return a.groupNames(cmd, args, toComplete)
	case 1:
		return a.idsOf(cmd, args, toComplete)
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) idsOf(cmd *cobra.Command, groups []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	_, registry, err := a.known(cmd)
	if err != nil {
		return trouble(err)
	}
	var out []cobra.Completion
	for _, group := range registry.Groups() {
		if len(groups) > 0 && !slices.Contains(groups, group.Name) {
			continue
		}
		for _, m := range group.Migrations {
			about := group.Name
			if m.Blocking {
				about += ", blocking"
			}
			out = offer(out, toComplete, m.ID, about)
		}
	}
	return out, asListedOnly
}

// nodeNames are the nodes that the configuration names, as system.clusters does.
func (a *app) nodeNames(cmd *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	cfg, err := config.Load(config.Options{Flags: cmd.Flags()})
	if err != nil {
		return trouble(err)
	}
	var out []cobra.Completion
	for _, c := range cfg.Clusters {
		if c.SingleNode {
			continue // there is no other to go on with
		}
		names := map[string]bool{}
		for _, host := range c.Hosts {
			names[host] = true
		}
		for name, address := range c.AddressMap {
			if strings.Contains(name, ":") {
				delete(names, address) // it is how skein gets there
				names[name] = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			out = offer(out, toComplete, name, "cluster "+c.Name)
		}
	}
	return out, asListedOnly
}

func (a *app) environmentNames(cmd *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	cfg, err := config.Load(config.Options{Flags: cmd.Flags()})
	if err != nil {
		return trouble(err)
	}
	var out []cobra.Completion
	for _, name := range cfg.Environments {
		out = offer(out, toComplete, name, "")
	}
	return out, asListedOnly
}

func (a *app) storageSets(cmd *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	cfg, err := config.Load(config.Options{Flags: cmd.Flags()})
	if err != nil {
		return trouble(err)
	}
	var out []cobra.Completion
	for _, c := range cfg.Clusters {
		for _, set := range c.StorageSets {
			out = offer(out, toComplete, string(set), "cluster "+c.Name)
		}
	}
	return out, asListedOnly
}

func checkCompleter(checks []doctor.Check) completer {
	return func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var out []cobra.Completion
		for _, name := range checkNames(checks) {
			out = offer(out, toComplete, name, "")
		}
		return out, asListedOnly
	}
}

func readinessStates(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var out []cobra.Completion
	for _, state := range migration.Readinesses() {
		out = offer(out, toComplete, string(state), "")
	}
	return out, asListedOnly
}

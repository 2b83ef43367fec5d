package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const commandsPage = "../docs/commands.md"

const commandsHead = `# Commands

<!-- written by: go test ./cli -run TestTheCommandsPage -update -->

Every command with its flags, as ` + "`--help`" + ` has them. [Exit codes](exit-codes.md) says
how commands end, [configuration](configuration.md) what is in ` + "`skein.yaml`" + `.

`

// The page is the tree of commands: it cannot say what skein does not.
func TestTheCommandsPage(t *testing.T) {
	root := (&app{}).root()
	root.InitDefaultCompletionCmd("list") // cobra adds it when there is something to run
	var page strings.Builder
	page.WriteString(commandsHead)
	walk(root, func(cmd *cobra.Command) {
		fmt.Fprintf(&page, "- [%s](#%s): %s\n", code(cmd.CommandPath()), anchor(cmd.CommandPath()), cmd.Short)
	})
	walk(root, func(cmd *cobra.Command) { section(&page, cmd) })
	if *update {
		if err := os.WriteFile(commandsPage, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(commandsPage)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if diff := cmp.Diff(string(have), page.String()); diff != "" {
		t.Errorf("%s (-there +should be), -update writes it:\n%s", commandsPage, diff)
	}
}

// walk visits commands as --help lists them, each before its own.
func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	if cmd.Hidden {
		return
	}
	visit(cmd)
	if cmd.Name() == "completion" { // one for each shell, in cobra's own words
		return
	}
	for _, child := range cmd.Commands() {
		walk(child, visit)
	}
}

func section(page *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(page, "\n## %s\n\n%s.\n", cmd.CommandPath(), strings.TrimSuffix(cmd.Short, "."))
	if cmd.Runnable() || cmd.HasSubCommands() {
		fmt.Fprintf(page, "\n```\n%s\n```\n", cmd.UseLine())
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(page, "\nAlso: %s.\n", code(strings.Join(cmd.Aliases, "`, `")))
	}
	if cmd.Long != "" {
		fmt.Fprintf(page, "\n```text\n%s\n```\n", strings.TrimSpace(cmd.Long))
	}
	if cmd.Example != "" {
		fmt.Fprintf(page, "\n```\n%s\n```\n", strings.ReplaceAll(strings.Trim(cmd.Example, "\n")[2:], "\n  ", "\n"))
	}
	own := cmd.NonInheritedFlags()
	if !cmd.HasParent() {
		own = cmd.PersistentFlags()
	}
	var rows strings.Builder
	own.VisitAll(func(flag *pflag.Flag) { rows.WriteString(flagRow(flag)) })
	if rows.Len() > 0 {
		fmt.Fprintf(page, "\n| flag | default | |\n| --- | --- | --- |\n%s", rows.String())
	}
	if !cmd.HasParent() {
		page.WriteString("\nThese flags are of every command.\n")
	}
}

func flagRow(flag *pflag.Flag) string {
	if flag.Hidden || flag.Name == "help" {
		return ""
	}
	kind, usage := pflag.UnquoteUsage(flag)
	name := "--" + flag.Name
	if flag.Shorthand != "" {
		name = "-" + flag.Shorthand + ", " + name
	}
	if kind != "" {
		name += " " + kind
	}
	value := flag.DefValue
	switch value {
	case "", "[]", "0s", "0", "false":
		value = ""
	default:
		value = code(value)
	}
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	return fmt.Sprintf("| %s | %s | %s |\n", code(name), value, cell.Replace(usage))
}

func code(text string) string { return "`" + text + "`" }

// anchor is what GitHub makes of a heading.
func anchor(heading string) string { return strings.ReplaceAll(strings.ToLower(heading), " ", "-") }

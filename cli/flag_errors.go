package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/nearest"
)

// flagError says what is wrong with a flag, and what would be right: of a value pflag
// says what a function of Go's library said.
func flagError(cmd *cobra.Command, err error) error {
	if cmd.HasSubCommands() { // the flag is one of a command that has a typo
		if err := unknownCommand(cmd, cmd.Flags().Args()); err != nil {
			return err
		}
	}
	text := err.Error()
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		text = "unknown flag: -" + unknown.GetSpecifiedName()
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		text = "unknown flag: --" + name + strings.Replace(nearest.DidYouMean(name, flagNames(cmd)), `"`, `"--`, 1)
	case errors.As(err, &invalid):
		if want := wanted(invalid); want != "" {
			text = fmt.Sprintf("--%s %q: use %s", invalid.GetFlag().Name, invalid.GetValue(), want)
		}
	}
	return journal.Usagef("%s: %s (see: %s --help)", cmd.CommandPath(), text, cmd.CommandPath())
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	return names
}

// wanted says what the value of a flag may be, by the flag's type; nothing of a type
// that says so itself.
func wanted(e *pflag.InvalidValueError) string {
	what, _ := pflag.UnquoteUsage(e.GetFlag())
	number := "a whole number"
	if what != "" && what != e.GetFlag().Value.Type() && what != "uint" {
		number += " of " + what
	}
	switch e.GetFlag().Value.Type() {
	case "int", "uint64":
		if errors.Is(e, strconv.ErrRange) {
			return number + " that is not as large"
		}
		return number
	case "duration":
		return "a time with its unit, such as 30s, 10m or 1h"
	case "bool":
		return "true or false"
	}
	return ""
}

package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) onTerminal() bool {
	in, ok := a.program.Stdin.(*os.File)
	return ok && term.IsTerminal(int(in.Fd()))
}

// approver shows what is about to run, and asks once where that has to be asked. It
// is called under the lock: what was shown is what runs. nil: there is nothing to
// show, and nobody to ask.
func (a *app) approver(cmd *cobra.Command, w *wired, s selection, r coordinator.Request, v verb) func(context.Context, []coordinator.MigrationPlan) error {
	asks := a.onTerminal() && !s.yes
	if a.quiet && !asks {
		return nil
	}
	return func(ctx context.Context, plans []coordinator.MigrationPlan) error {
		question := questionOf(plans, v.asks)
		if !a.quiet || question != "" {
			w.overviewOf(plans, r).print(cmd.ErrOrStderr(), "")
		}
		if !asks || question == "" {
			return nil
		}
		return a.confirmWithin(ctx, cmd, question)
	}
}

// questionOf is what to ask before plans run; "" where there is nothing to ask:
// nothing is taken back, and no row that is there is rewritten or dropped.
func questionOf(plans []coordinator.MigrationPlan, always bool) string {
	sum := totalsOf(plans)
	if always {
		names := make([]journal.Key, len(plans))
		for i, p := range plans {
			names[i] = p.Key
		}
		return fmt.Sprintf("Reverse %s? %s", keys(names), sum.of(danger.DropsData, "dropped"))
	}
	var parts []string
	for _, class := range []struct {
		is   danger.Class
		what string
	}{{danger.RewritesData, "rewritten"}, {danger.DropsData, "dropped"}} {
		of := sum.byClass[class.is]
		if of.steps > 0 && !(danger.Assessment{Class: class.is, Amount: of.amount}).Harmless() {
			parts = append(parts, sum.of(class.is, class.what))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Go on, with " + strings.Join(parts, " and ") + "?"
}

// confirm asks a question on the terminal. Where there is none, the answer is no.
func (a *app) confirm(cmd *cobra.Command, question string) error {
	return a.confirmWithin(cmd.Context(), cmd, question)
}

// confirmWithin is confirm until a context ends: that of the lock, where it is held.
func (a *app) confirmWithin(ctx context.Context, cmd *cobra.Command, question string) error {
	if !a.onTerminal() {
		return journal.Refusef("%s There is no terminal to ask on: --yes, nothing was changed", question)
	}
	// There is no statement in flight yet: the first signal ends it all.
	defer a.changing.Store(a.changing.Swap(false))
	fmt.Fprintf(cmd.ErrOrStderr(), "%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n') // an end without an answer is a no
		answers <- answer
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(cmd.ErrOrStderr())
		return &journal.InterruptedError{}
	case answer := <-answers:
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return nil
		}
		return journal.Refusef("not confirmed, nothing was changed")
	}
}

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) lockStatusCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Who holds the lock",
		Long: `lock status says who holds the lock: run, since when, user, host, process and
command. It takes no lock, and exits 0 also when nobody holds it. A run that
died counts as its holder until its session has run out, 10 s by default
(coordination.session_timeout).`,
		Example: "  skein lock status\n  skein lock status --output json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			w, err := a.wire(cmd)
			if err != nil {
				return err
			}
			holder, err := w.lock.status(cmd.Context())
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			switch {
			case output == "json":
				return writeJSON(out, lockOutput{Lock: w.lock.kind, Held: holder != nil, Holder: holder})
			case w.lock.kind == config.LockNone:
				fmt.Fprintln(out, "coordination.lock is none: there is no lock, nothing keeps two runs apart")
			case holder == nil:
				fmt.Fprintf(out, "the lock (%s) is free\n", w.lock.kind)
			default:
				fmt.Fprintf(out, "the lock (%s) is held\n", w.lock.kind)
				printHolder(out, *holder)
			}
			return nil
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

// lockOutput is the lock commands' JSON.
type lockOutput struct {
	Lock     config.Lock     `json:"lock"`
	Held     bool            `json:"held"`
	Holder   *journal.Holder `json:"holder"` // who holds it, or did until it was released; null: nobody
	Released bool            `json:"released,omitempty"`
}

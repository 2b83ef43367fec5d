package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/nearest"
)

// examination is the flags of doctor.
type examination struct {
	only, skip []string
	limits     doctor.Limits
	output     string
}

func (a *app) doctorCommand() *cobra.Command {
	var e examination
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Is everything fit for a change? Exit 3 if not",
		Long: `doctor looks at every node of every configured cluster, at ZooKeeper or Keeper, at
skein's lock and at its state, and says what is wrong and what to do about it, the
worst first. It takes no lock and changes nothing. Nodes are asked at the same
time, each for 10 s at most: one that is frozen is told of, and holds up nothing.

Exit code 3 if a check finds an error; warnings alone are 0. What of it concerns
the nodes of a change is looked at again before each change (--skip-check there).

The checks: ` + folded(checkNames(doctor.Checks()), 68) + `.
docs/doctor.md says what each looks at.`,
		Example: "  skein doctor\n  skein doctor --only replicas,replication-queue --max-lag 1m\n  skein doctor --skip grants --output json",
		Args:    exactly(0, "no arguments"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd, e) },
	}
	limits := doctor.Limits{}.WithDefaults()
	flags := cmd.Flags()
	flags.StringSliceVar(&e.only, "only", nil, "these `checks` alone (repeatable)")
	flags.StringSliceVar(&e.skip, "skip", nil, "all but these `checks` (repeatable)")
	flags.DurationVar(&e.limits.Lag, "max-lag", limits.Lag, "how old may be what waits: replication, distributed DDL, mutations")
	flags.IntVar(&e.limits.Queue, "max-queue", limits.Queue, "how many entries may wait in one queue")
	flags.DurationVar(&e.limits.Skew, "max-skew", limits.Skew, "how far the clocks of two nodes may be apart")
	flags.DurationVar(&e.limits.Latency, "max-latency", limits.Latency, "how long ZooKeeper or Keeper may take to answer")
	flags.Uint64Var(&e.limits.Free, "min-free", 0, "`bytes` that have to stay free on a node")
	flags.SortFlags = false
	outputFlag(cmd, &e.output)
	return cmd
}

func (a *app) doctor(cmd *cobra.Command, e examination) error {
	if err := checkOutput(e.output); err != nil {
		return err
	}
	checks, err := e.checks()
	if err != nil {
		return err
	}
	w, err := a.wire(cmd)
	var refused *journal.PreflightError
	if errors.As(err, &refused) {
		// The cluster of the state has no node that answers: nothing else can be asked.
		return a.diagnosis(cmd.OutOrStdout(), e.output, []doctor.Finding{{
			Check: "connection", Severity: doctor.Error, Found: refused.Error(),
			Do: doctor.Unconnected + ". No other check could be made",
		}})
	}
	if err != nil {
		return err
	}
	findings, err := w.Doctor(cmd.Context(), coordinator.Checkup{Checks: checks, Limits: e.limits, Lock: w.lock.health})
	if err != nil {
		return err
	}
	return a.diagnosis(cmd.OutOrStdout(), e.output, findings)
}

// checks are those that the flags leave.
func (e examination) checks() ([]doctor.Check, error) {
	all := doctor.Checks()
	for _, flag := range []struct {
		name  string
		names []string
	}{{"--only", e.only}, {"--skip", e.skip}} {
		if err := knownChecks(flag.name, flag.names, all); err != nil {
			return nil, err
		}
	}
	left := slices.DeleteFunc(all, func(check doctor.Check) bool {
		return len(e.only) > 0 && !slices.Contains(e.only, check.Name) || slices.Contains(e.skip, check.Name)
	})
	if len(left) == 0 {
		return nil, journal.Usagef("--only and --skip leave no check")
	}
	return left, nil
}

// knownChecks refuses names that are no checks, and proposes the nearest.
func knownChecks(flag string, names []string, checks []doctor.Check) error {
	known := checkNames(checks)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return journal.Usagef("%s: there is no check %q%s (there are: %s)", flag, name, nearest.DidYouMean(name, known), strings.Join(known, ", "))
		}
	}
	return nil
}

func checkNames(checks []doctor.Check) []string {
	names := make([]string, len(checks))
	for i, check := range checks {
		names[i] = check.Name
	}
	return names
}

func (s *selection) checksFlag(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&s.skipped, "skip-check", nil,
		"do not look at the nodes for this `check` first: "+strings.Join(checkNames(doctor.Before()), ", "))
}

// unwellError says that doctor has found errors, and printed them.
type unwellError struct{ errors int }

func (e *unwellError) Error() string { return "doctor found " + count(e.errors, "error") }

// diagnosis prints findings, and is an error if one of them is.
func (a *app) diagnosis(w io.Writer, output string, findings []doctor.Finding) error {
	if output == "json" {
		if err := writeJSON(w, map[string]any{
			"errors": doctor.Count(findings, doctor.Error), "warnings": doctor.Count(findings, doctor.Warning), "findings": findings,
		}); err != nil {
			return err
		}
	} else {
		printFindings(w, findings)
	}
	if n := doctor.Count(findings, doctor.Error); n > 0 {
		a.checking = true
		return &journal.PreflightError{Err: &unwellError{errors: n}}
	}
	return nil
}

// alikeFindings puts together what is found alike on nodes that follow each other.
func alikeFindings(findings []doctor.Finding) []doctor.Finding {
	var out []doctor.Finding
	for _, f := range findings {
		if len(out) > 0 && f.Node != "" {
			last := &out[len(out)-1]
			like := *last
			like.Node = f.Node
			if last.Node != "" && like == f {
				last.Node += ", " + f.Node
				continue
			}
		}
		out = append(out, f)
	}
	return out
}

// printFindings writes a line for what is fine, and for the rest what to do about it.
func printFindings(w io.Writer, findings []doctor.Finding) {
	const column = 29 // where what was found begins
	for _, f := range alikeFindings(findings) {
		var names []string
		for _, name := range []string{f.Cluster, f.Node} {
			if name != "" {
				names = append(names, name)
			}
		}
		found := strings.Join(append(names, strings.ReplaceAll(f.Found, "\n", "\n"+strings.Repeat(" ", column+2))), "  ")
		fmt.Fprintf(w, "%-8s  %-18s %s\n", f.Severity, f.Check, found)
		if f.Do != "" {
			fmt.Fprintf(w, "%s-> %s\n", strings.Repeat(" ", column), f.Do)
		}
	}
	bad, warned := doctor.Count(findings, doctor.Error), doctor.Count(findings, doctor.Warning)
	fine, skipped := doctor.Count(findings, doctor.OK), doctor.Count(findings, doctor.Skipped)
	last := fmt.Sprintf("%s, %s; %s fine", count(bad, "error"), count(warned, "warning"), count(fine, "check"))
	if bad+warned == 0 {
		last = "Nothing is wrong: " + count(fine, "check") + " fine"
	}
	if skipped > 0 {
		last += fmt.Sprintf(", %d skipped", skipped)
	}
	fmt.Fprintln(w, last)
}

// health is how the lock does, for doctor.
func (l *lock) health(ctx context.Context) doctor.Lock {
	out := doctor.Lock{Kind: string(l.kind)}
	var err error
	switch {
	case l.kind == config.LockNone:
		return out
	case l.probe == nil: // beside the state, on its node
		out.Holder, err = l.status(ctx)
	default:
		found, probeErr := l.probe(ctx)
		out.Server, out.Latency, out.Holder, err = found.Server, found.Latency, found.Holder, probeErr
	}
	if err != nil {
		out.Problem, _, _ = strings.Cut(err.Error(), "\n")
	}
	return out
}

// folded breaks a list into lines of so many characters.
func folded(words []string, width int) string {
	var b strings.Builder
	line := 0
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if line > 0 && line+len(word)+1 > width {
			b.WriteString("\n")
			line = 0
		} else if line > 0 {
			b.WriteString(" ")
			line++
		}
		b.WriteString(word)
		line += len(word)
	}
	return b.String()
}

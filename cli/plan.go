package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

func (a *app) planCommand() *cobra.Command {
	var s selection
	var output string
	cmd := &cobra.Command{
		Use:   "plan [THROUGH]",
		Short: "What migrate would do: steps, nodes, SQL, risk",
		Long: `plan prints the statements that migrate would send, where each goes, and what
it does to data. What is printed is what runs. Nothing is changed, and no lock
is taken. THROUGH is the first letters of one pending ID of the named group.`,
		Example: "  skein plan\n  skein plan --group events 0002\n  skein plan --output json",
		Args:    exactly(1, "at most one ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			w, request, err := a.wireFor(cmd, s, args)
			if err != nil {
				return err
			}
			// What would need --force is shown, and marked: a plan changes nothing.
			request.Force, request.AllowDirty = true, true
			plans, err := w.Plan(cmd.Context(), request)
			if err != nil {
				return err
			}
			return printPlans(cmd.OutOrStdout(), output, w.overviewOf(plans, request))
		},
	}
	s.flags(cmd)
	s.dropFlag(cmd)
	s.parseFlag(cmd)
	outputFlag(cmd, &output)
	return cmd
}

func printPlans(w io.Writer, output string, o overview) error {
	if output == "json" {
		return o.writeJSON(w)
	}
	for _, p := range o.plans {
		head := p.Key.String() + backwardMark(p.Direction)
		if p.Blocking {
			head += "  blocking"
		}
		fmt.Fprintf(w, "%-63s %s\n", head, count(len(p.Steps), "step"))
		if p.Fake {
			fmt.Fprint(w, "  fake: only its status would be written\n\n")
			continue
		}
		for i, step := range p.Steps {
			printStep(w, step, dangerOf(p, i))
		}
		for _, note := range p.Notes {
			fmt.Fprintf(w, "     %s\n", note)
		}
		fmt.Fprintln(w)
	}
	if len(o.plans) == 0 {
		for _, left := range o.leftAlone {
			fmt.Fprintf(w, "%-15s left alone: %s\n", left.Group, left.Why)
		}
		fmt.Fprintln(w, "Nothing to do.")
		return nil
	}
	o.print(w, " Nothing was run.")
	return nil
}

type plansView struct {
	Environment string          `json:"environment,omitempty"`
	Groups      []groupView     `json:"groups,omitempty"`
	LeftAlone   []leftAloneView `json:"left_alone,omitempty"`
	Migrations  []planView      `json:"migrations"`
	Totals      totalsView      `json:"totals"`
}

func (o overview) writeJSON(w io.Writer) error {
	return writeJSON(w, plansView{o.environment, o.groupViews(), o.leftAlone, planViews(o.plans), totalsOf(o.plans).view()})
}

func printStep(w io.Writer, step plan.Step, danger danger.Assessment) {
	fmt.Fprintf(w, "  %d  %s, %s, %s\n", step.Index, step.Statement.Place.Target, step.Statement.Place.StorageSet, reach(step))
	fmt.Fprintf(w, "     %s\n", indent(step.Text, "     "))
	for _, setting := range step.Statement.Settings {
		fmt.Fprintf(w, "     -- with %s = %s\n", setting.Name, setting.Value)
	}
	words := danger.Words()
	fmt.Fprintf(w, "     -- %s\n", words[0])
	for _, why := range words[1:] {
		fmt.Fprintf(w, "     --   %s\n", why)
	}
}

// reach says which nodes a step is sent to, and how.
func reach(step plan.Step) string {
	if step.OnCluster != "" {
		return fmt.Sprintf("%s, ON CLUSTER %s (%d)", step.Statement.Scope, step.OnCluster, len(step.Nodes))
	}
	groups := make([]string, len(step.Groups))
	for i, group := range step.Groups {
		groups[i] = strings.Join(journal.Names(group), " or ")
	}
	return fmt.Sprintf("%s, directly: %s", step.Statement.Scope, strings.Join(groups, ", "))
}

type planView struct {
	Group     string            `json:"group"`
	ID        string            `json:"id"`
	Direction journal.Direction `json:"direction"`
	Blocking  bool              `json:"blocking"`
	Fake      bool              `json:"fake,omitempty"`
	Steps     []stepView        `json:"steps"`
	Notes     []string          `json:"notes,omitempty"`
}

type stepView struct {
	Step       int           `json:"step"`
	Summary    string        `json:"summary"`
	StorageSet string        `json:"storage_set"`
	Target     string        `json:"target"`
	Scope      string        `json:"scope"`
	Cluster    string        `json:"cluster"`
	OnCluster  string        `json:"on_cluster,omitempty"`
	Nodes      []string      `json:"nodes"`
	SentTo     [][]string    `json:"sent_to,omitempty"` // one node of each
	SQL        string        `json:"sql"`
	Settings   []ops.Setting `json:"settings,omitempty"` // its own, beside those of every statement
	Risk       danger.Class  `json:"risk"`
	Why        []string      `json:"why,omitempty"`
	Amount     *dataView     `json:"amount,omitempty"` // of what it rewrites or drops
	Hash       string        `json:"hash"`
}

func planViews(plans []coordinator.MigrationPlan) []planView {
	out := make([]planView, 0, len(plans))
	for _, p := range plans {
		view := planView{
			Group: p.Key.Group, ID: p.Key.ID, Direction: p.Direction, Blocking: p.Blocking, Fake: p.Fake,
			Steps: []stepView{}, Notes: p.Notes,
		}
		for i, step := range p.Steps {
			risk := dangerOf(p, i)
			s := stepView{
				Step: step.Index, Summary: step.Statement.Summary,
				StorageSet: string(step.Statement.Place.StorageSet), Target: string(step.Statement.Place.Target),
				Scope: step.Statement.Scope.String(), Cluster: step.Cluster, OnCluster: step.OnCluster,
				Nodes: journal.Names(step.Nodes), SQL: step.Text, Settings: step.Statement.Settings, Risk: risk.Class, Why: risk.Why, Hash: step.Hash,
			}
			if risk.Class == danger.RewritesData || risk.Class == danger.DropsData {
				s.Amount = viewOf(risk.Amount)
			}
			if step.OnCluster == "" {
				for _, group := range step.Groups {
					s.SentTo = append(s.SentTo, journal.Names(group))
				}
			}
			view.Steps = append(view.Steps, s)
		}
		out = append(out, view)
	}
	return out
}

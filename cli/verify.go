package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/storageset"
)

func (a *app) verifyCommand() *cobra.Command {
	var output, set string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Have all nodes the same schema? Exit 6 if not",
		Long: `verify compares every table, view and dictionary of the configured clusters over
all of their nodes, and says which node differs in what: a table that is missing,
a column, the engine, keys, TTL, settings, indexes, projections, constraints, a
query. What most nodes have is taken to be right. UUIDs may differ, and so may
paths in ZooKeeper and names of replicas as far as the macros of the nodes do;
replicas of one shard have to meet at one path.

Compared are the cluster's database and those that migrations name. A table that
migrations make with the target LOCAL has to be the same on all local nodes, one
with DISTRIBUTED on all query nodes; of other tables, where they are found says
which of the two. With --storage-set only the tables are compared that migrations
name on that set.

It does not compare with what migrations would make: that is plan's matter. It
takes no lock and changes nothing; while a run changes the schema, nodes do differ
for moments. Exit code 6 if nodes differ, 3 if one could not be read, whatever the
others have.`,
		Example: "  skein verify\n  skein verify --storage-set events --output json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if cmd.Flags().Changed("storage-set") && set == "" {
				return journal.Usagef("--storage-set is empty")
			}
			w, err := a.wire(cmd)
			if err != nil {
				return err
			}
			reports, failure := w.Verify(cmd.Context(), storageset.Key(set))
			if reports == nil {
				return failure
			}
			if output == "json" {
				if err := writeJSON(cmd.OutOrStdout(), map[string]any{"clusters": reports}); err != nil {
					return err
				}
			} else {
				printReports(cmd.OutOrStdout(), reports)
			}
			return errors.Join(failure, judged(reports))
		},
	}
	cmd.Flags().StringVar(&set, "storage-set", "", "only the tables that migrations name on this storage set")
	outputFlag(cmd, &output)
	return cmd
}

// judged is the error of reports, nil if all nodes were compared and are alike.
func judged(reports []compare.Report) error {
	var failures []error
	differ := &journal.NodesDifferError{}
	for _, r := range reports {
		if len(r.Silent) > 0 {
			failures = append(failures, journal.Refusef("cluster %q: %d of %d nodes could not be read: "+
				"whether they have the same schema is not known", r.Cluster, len(r.Silent), len(r.Silent)+len(r.Nodes)))
		}
		differ.Tables, differ.Of = differ.Tables+len(differing(r)), differ.Of+r.Tables
	}
	if differ.Tables > 0 {
		failures = append(failures, differ)
	}
	return errors.Join(failures...)
}

// differing are the tables that differ.
func differing(r compare.Report) map[compare.Name]bool {
	names := map[compare.Name]bool{}
	for _, d := range r.Differences {
		names[d.Name] = true
	}
	return names
}

func printReports(w io.Writer, reports []compare.Report) {
	for _, r := range reports {
		printDifferences(w, r)
		for _, silent := range r.Silent {
			fmt.Fprintf(w, "%s  %s  %s\n", r.Cluster, silent.Node, silent.Why)
		}
		if len(r.Versions) > 0 {
			fmt.Fprintf(w, "%s  nodes run different versions, which may write one definition in two ways:\n", r.Cluster)
			for _, node := range slices.Sorted(maps.Keys(r.Versions)) {
				fmt.Fprintf(w, "    %s  %s\n", node, r.Versions[node])
			}
		}
		fmt.Fprintf(w, "%s: %s\n", r.Cluster, verdict(r))
	}
}

func verdict(r compare.Report) string {
	switch differ := len(differing(r)); {
	case len(r.Nodes)+len(r.Silent) == 1:
		return "one node, nothing to compare it with"
	case len(r.Nodes) < 2:
		return "only one node could be read, nothing to compare it with"
	case differ == 1:
		return fmt.Sprintf("1 of %s differs between %s", count(r.Tables, "table"), count(len(r.Nodes), "node"))
	case differ > 1:
		return fmt.Sprintf("%d of %s differ between %s", differ, count(r.Tables, "table"), count(len(r.Nodes), "node"))
	}
	return fmt.Sprintf("%s on %s, no difference", count(r.Tables, "table"), count(len(r.Nodes), "node"))
}

func printDifferences(w io.Writer, r compare.Report) {
	var last compare.Name
	for _, d := range r.Differences {
		if d.Name != last {
			fmt.Fprintf(w, "%s  %s\n", r.Cluster, d.Name)
			last = d.Name
		}
		printDifference(w, d, len(r.Nodes))
	}
}

// printDifference writes one line, or three where the texts are long.
func printDifference(w io.Writer, d compare.Difference, nodes int) {
	has, most := clipped(d.Has, d.Most)
	has, most = cmp.Or(has, "not there"), cmp.Or(most, "not there")
	others := strings.Join(d.MostNodes, ", ")
	switch {
	case len(d.MostNodes) == nodes-1 && nodes > 2:
		others = "the others"
	case len(d.MostNodes) > 3:
		others = count(len(d.MostNodes), "node")
	}
	if len([]rune(has+most)) < 70 {
		fmt.Fprintf(w, "    %s  %s: %s; %s on %s\n", d.Node, d.What, has, most, others)
		return
	}
	fmt.Fprintf(w, "    %s  %s:\n        %s\n      on %s:\n        %s\n", d.Node, d.What, has, others, most)
}

// clipped shortens two long texts to where they begin to differ.
func clipped(a, b string) (shortA, shortB string) {
	const most, before = 80, 20
	one, two := []rune(strings.Join(strings.Fields(a), " ")), []rune(strings.Join(strings.Fields(b), " "))
	same := 0
	for same < len(one) && same < len(two) && one[same] == two[same] {
		same++
	}
	from := max(same-before, 0)
	clip := func(text []rune) string {
		if len(text) <= most {
			return string(text)
		}
		begin := min(from, len(text)-1)
		end := min(begin+most, len(text))
		out := string(text[begin:end])
		if begin > 0 {
			out = "…" + out
		}
		if end < len(text) {
			out += "…"
		}
		return out
	}
	return clip(one), clip(two)
}

package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

// Servers say what the nodes have, and run what they lack.
type Servers interface {
	Facts(ctx context.Context, clusters []string) ([]plan.Facts, error)
	// Access reads what the nodes of a configured cluster have, in their order, and
	// signs in to each as every user that is given.
	Access(ctx context.Context, cluster string, users []Signing) ([]Node, error)
	// Run sends a step and reads every node's answer.
	Run(ctx context.Context, x plan.Execution, step plan.Step) ([]journal.HostOutcome, error)
}

// Options say what to make, and how.
type Options struct {
	Servers  Servers
	Cluster  string // configured name
	Declared Declared
	RunID    string
	Events   journal.Sink
	Force    bool // change passwords that are others
	DryRun   bool // make nothing
}

// Result is what a cluster lacked, and, but for a dry run, now has.
type Result struct {
	Cluster string `json:"cluster"`
	Comparison
}

// Bootstrap makes what the nodes of one cluster lack of what is declared, and looks
// again. It takes no lock: what it makes no migration makes, and the tables of a
// lease may have no database before it. A password that is another needs Force, or
// nothing is made: a *journal.PreflightError. So is what cannot be made, after all
// else was made.
func Bootstrap(ctx context.Context, o Options) (Result, error) {
	b, err := look(ctx, o)
	if err != nil {
		return b.result, err
	}
	if o.DryRun {
		return b.result, b.result.unmade()
	}
	if err := b.forced(); err != nil {
		return b.result, err
	}
	for i, change := range b.result.Changes {
		for _, step := range b.steps[i] {
			if err := b.run(ctx, step); err != nil {
				return b.result, fmt.Errorf("%s: %s: %w", change.What, change.How, err)
			}
		}
	}
	if len(b.result.Changes) > 0 {
		again, err := look(ctx, o)
		if err != nil {
			return b.result, fmt.Errorf("look at what was made: %w", err)
		}
		if err := again.left(); err != nil {
			return b.result, err
		}
	}
	return b.result, b.result.unmade()
}

type bootstrap struct {
	options Options
	result  Result
	steps   [][]plan.Step // of each change
}

// look reads the nodes and plans what they lack.
func look(ctx context.Context, o Options) (*bootstrap, error) {
	b := &bootstrap{options: o, result: Result{Cluster: o.Cluster}}
	facts, err := o.Servers.Facts(ctx, []string{o.Cluster})
	if err != nil {
		return b, err
	}
	nodes, err := o.Servers.Access(ctx, o.Cluster, o.Declared.Signings())
	if err != nil {
		return b, fmt.Errorf("read users, roles and grants: %w", err)
	}
	set := storageset.Key(o.Cluster)
	sets, err := storageset.Assign(map[string][]storageset.Key{o.Cluster: {set}})
	if err != nil {
		return b, err
	}
	version := lowest(facts[0])
	b.result.Comparison = Compare(o.Declared, nodes, version, ops.Place{StorageSet: set, Target: ops.Local})
	if len(o.Declared.Users) > 0 && !takesSalt(version) && anyLists(nodes) {
		b.result.Notes = append(b.result.Notes, fmt.Sprintf("passwords are sent as SHA-256 without a salt: %s takes none", version))
	}
	total := 0
	for i := range b.result.Changes {
		steps, err := planned(plan.New(sets, facts...), &b.result.Changes[i])
		if err != nil {
			return b, err
		}
		b.steps, total = append(b.steps, steps), total+len(steps)
	}
	at := 0
	for _, steps := range b.steps {
		for i := range steps {
			at++
			steps[i].Index, steps[i].Of = at, total
			steps[i].Key = journal.Key{Group: "bootstrap", ID: o.Cluster}
		}
	}
	return b, nil
}

func lowest(facts plan.Facts) ops.Version {
	local, dist := facts.Env(ops.Local).Version, facts.Env(ops.Distributed).Version
	if dist.Less(local) && len(facts.Dist) > 0 {
		return dist
	}
	return local
}

func anyLists(nodes []Node) bool {
	return slices.ContainsFunc(nodes, func(n Node) bool { return n.Lists && n.Refuses == "" })
}

// planned makes the steps of a change: one for the local nodes, and one for query
// nodes that are none of them. Through ON CLUSTER, if all of a target lack it, and
// otherwise to those that do.
func planned(planner *plan.Planner, change *Change) ([]plan.Step, error) {
	lacking := map[string]bool{}
	for _, name := range change.Nodes {
		lacking[name] = true
	}
	var out []plan.Step
	for _, target := range []ops.Target{ops.Local, ops.Distributed} {
		steps, _, err := planner.Operations([]ops.Operation{at(change.operation, target)})
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", change.What, change.How, err)
		}
		for _, step := range steps {
			mine := journal.Names(step.Nodes)
			if slices.ContainsFunc(mine, func(n string) bool { return !lacking[n] }) {
				step = step.Only(lacking)
			}
			if len(step.Nodes) == 0 {
				continue
			}
			for _, name := range mine {
				delete(lacking, name)
			}
			// Servers may have a grant in other words: what became of it is read afterwards.
			if _, grant := change.operation.(ops.Grant); grant {
				step.Statement.After = nil
			}
			change.Statement = append(change.Statement, step.Text)
			out = append(out, step)
		}
	}
	return out, nil
}

// at gives an operation another target.
func at(operation ops.Operation, target ops.Target) ops.Operation {
	switch o := operation.(type) {
	case ops.CreateDatabase:
		o.Target = target
		return o
	case ops.CreateRole:
		o.Target = target
		return o
	case ops.CreateUser:
		o.Target = target
		return o
	case ops.AlterUser:
		o.Target = target
		return o
	case ops.Grant:
		o.Target = target
		return o
	}
	return operation
}

func (b *bootstrap) run(ctx context.Context, step plan.Step) error {
	x := plan.Execution{RunID: b.options.RunID, Confirm: func(context.Context) error { return nil }, Emit: b.options.Events}
	outcomes, err := b.options.Servers.Run(ctx, x, step)
	if err == nil {
		return nil
	}
	var failed []string
	for _, o := range outcomes {
		if o.Outcome != journal.Done && o.Error != "" {
			failed = append(failed, "  "+o.Node+"  "+o.Error)
		}
	}
	if len(failed) == 0 {
		return err
	}
	return fmt.Errorf("not made everywhere\n%s\nWhat was made stays. Mend it, then the same command again", strings.Join(failed, "\n"))
}

// forced refuses to change what needs it, before anything is made.
func (b *bootstrap) forced() error {
	if b.options.Force {
		return nil
	}
	var changes []string
	for _, change := range b.result.Changes {
		if change.Force {
			changes = append(changes, fmt.Sprintf("  %s: %s on %s", change.What, change.How, strings.Join(change.Nodes, ", ")))
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return journal.Refusef("cluster %q: there are users who do not sign in with the password that is configured, nothing was changed\n%s\n"+
		"It is another password, or they may not sign in from here. To give them the one that is configured: skein bootstrap --force",
		b.options.Cluster, strings.Join(changes, "\n"))
}

// left is what nodes still lack of what was just made.
func (b *bootstrap) left() error {
	if len(b.result.Changes) == 0 {
		return nil
	}
	lines := make([]string, len(b.result.Changes))
	for i, change := range b.result.Changes {
		lines[i] = fmt.Sprintf("  %s: %s: not so on %s", change.What, change.How, strings.Join(change.Nodes, ", "))
	}
	return fmt.Errorf("cluster %q: the servers said that it was made, and do not show it\n%s", b.options.Cluster, strings.Join(lines, "\n"))
}

func (r Result) unmade() error {
	if len(r.Unmade) == 0 {
		return nil
	}
	return journal.Refusef("cluster %q: %d of what is declared cannot be made by SQL there, and each is named above", r.Cluster, len(r.Unmade))
}

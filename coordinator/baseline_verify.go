package coordinator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Rehearser tries what is harmless in an empty database.
type Rehearser interface {
	// Rehearse makes a database on the first local node of a configured cluster, runs
	// steps in it, drops it, and returns the tables that were left, with the name of
	// the cluster's database in place of that of the empty one.
	Rehearse(ctx context.Context, cluster, database string, steps []plan.Step) (map[compare.Name]compare.Table, error)
	// Tables reads all tables of a configured cluster's database on its local nodes.
	Tables(ctx context.Context, cluster string) ([]compare.Node, error)
}

// Lack is something that is not as migrations would have made it.
type Lack struct {
	What string `json:"what"` // "table default.events, column id"
	Node string `json:"node"`
	Has  string `json:"has"`  // empty: not there
	Want string `json:"want"` // empty: it should not be there
}

// verifyBaseline compares what is there with what migrations would make, and refuses
// to record them where it differs. In the state of the end: what one migration made
// and a later one changed is compared as changed.
func (s *session) verifyBaseline(ctx context.Context, targets []target) error {
	targets = slices.DeleteFunc(slices.Clone(targets), func(t target) bool { return t.key.Group == migration.System })
	facts, err := s.c.facts(ctx, targets)
	if err != nil {
		return err
	}
	planner := plan.New(s.c.options.Sets, facts...)
	planner.Lenient = true
	wanted := &expectations{left: map[string]expectation{}}
	for _, t := range targets {
		p, err := planOne(planner, t)
		if err != nil {
			return err
		}
		for _, step := range p.Steps {
			wanted.add(step)
		}
	}
	tried := map[string]bool{} // by cluster and table
	for _, f := range facts {
		if err := s.tryOut(ctx, f, targets, tried); err != nil {
			return err
		}
	}
	checked := len(tried)
	for _, e := range wanted.all() {
		if e.table != nil && tried[e.step.Cluster+" "+e.table.String()] {
			continue
		}
		checked++
		if err := s.checkExpected(ctx, e); err != nil {
			return err
		}
	}
	if len(s.result.Differences) == 0 {
		return nil
	}
	names := map[string]bool{}
	for _, d := range s.result.Differences {
		name, _, _ := strings.Cut(d.What, ", ")
		names[name] = true
	}
	return &journal.NodesDifferError{Tables: len(names), Of: checked}
}

// checkExpected compares nodes with what needs no trying, and says where that is no
// more than that it is there.
func (s *session) checkExpected(ctx context.Context, e expectation) error {
	for _, v := range s.c.options.Observer.Check(ctx, e.check()) {
		switch v.Verdict {
		case journal.Holds:
		case journal.Unreachable:
			return journal.Refusef("%s: %s, so that it cannot be compared. Nothing was changed", v.Node, v.Why)
		default:
			what, has := e.difference(v)
			s.result.Differences = append(s.result.Differences, Lack{What: what, Node: v.Node, Has: has, Want: "as the migrations make it"})
		}
	}
	if e.is == nil {
		s.result.Unseen = append(s.result.Unseen, e.table.String())
	}
	return nil
}

// tryOut makes the tables of one cluster in an empty database, and compares every
// local node with them.
func (s *session) tryOut(ctx context.Context, f plan.Facts, targets []target, tried map[string]bool) error {
	if len(f.Local) == 0 || s.c.options.Rehearser == nil {
		return nil
	}
	r := s.c.rehearse(f, targets, "skein_baseline_"+strings.ToLower(s.run.ID))
	if len(r.made) == 0 {
		return nil
	}
	want, err := s.c.options.Rehearser.Rehearse(ctx, f.Cluster, r.database, r.steps)
	if err != nil {
		return err
	}
	nodes, err := s.c.options.Rehearser.Tables(ctx, f.Cluster)
	if err != nil {
		return err
	}
	for name := range want {
		if r.opaque[r.database+"."+name.Table] {
			delete(want, name)
			continue
		}
		tried[f.Cluster+" "+name.String()] = true
	}
	for _, node := range nodes {
		s.result.Differences = append(s.result.Differences, lacks(node, want)...)
	}
	return nil
}

// rehearse picks what of the migrations can be tried: as if on a single node, so that
// no table is Replicated, none is Distributed, and no statement says ON CLUSTER.
func (c *Coordinator) rehearse(f plan.Facts, targets []target, database string) *rehearsal {
	r := &rehearsal{database: database, made: map[string]bool{}, opaque: map[string]bool{}}
	f.SingleNode, f.Database, f.LocalCluster, f.DistCluster = true, database, "", ""
	f.Local = f.Local[:1]
	f.Dist, f.Tables, f.Databases = f.Local, nil, nil
	planner := plan.New(c.options.Sets, f)
	planner.Lenient = true
	for _, t := range targets {
		for _, operation := range t.operations() {
			if name, err := c.options.Sets.Cluster(ops.PlaceOf(operation).StorageSet); err != nil || name != f.Cluster {
				continue
			}
			steps, _, err := planner.Operations([]ops.Operation{operation})
			if err != nil { // such as {cluster}, which a single node has not
				for _, table := range operation.Tables() {
					if table.Database == "" || table.Database == f.Database {
						r.opaque[database+"."+table.Name] = true
						delete(r.made, database+"."+table.Name)
					}
				}
				continue
			}
			for _, step := range steps {
				step.Key = t.key
				r.add(operation, step)
			}
		}
	}
	return r
}

// lacks are the differences between a node and what is wanted on it.
func lacks(node compare.Node, want map[compare.Name]compare.Table) []Lack {
	const wanted = "\x00 the migrations" // before all nodes
	node.Local, node.Query, node.Shard = true, false, 0
	node.Tables = unreplicated(node.Tables, want)
	expected := compare.Node{Name: wanted, Local: true, Tables: unreplicated(want, want)}
	homes := map[compare.Name]compare.Home{}
	for name := range want {
		homes[name] = compare.Home{Local: true}
	}
	_, differences := compare.Nodes([]compare.Node{expected, node}, homes)
	var out []Lack
	for _, d := range differences {
		lack := Lack{What: fmt.Sprintf("table %s, %s", d.Name, d.What), Node: node.Name, Has: d.Has, Want: d.Most}
		if d.What == string(compare.KindTable) {
			lack.What = "table " + d.Name.String()
		}
		if d.Node == wanted {
			lack.Has, lack.Want = d.Most, d.Has
		}
		out = append(out, lack)
	}
	return out
}

// unreplicated are the tables that are wanted, as if they had no replicas: where
// these meet is not what is compared.
func unreplicated(tables, want map[compare.Name]compare.Table) map[compare.Name]compare.Table {
	out := map[compare.Name]compare.Table{}
	for name := range want {
		table, there := tables[name]
		if !there {
			continue
		}
		parts := map[compare.Part]compare.Value{}
		for part, value := range table.Parts {
			if part.Kind == compare.KindEngine {
				value.Key, value.Text = strings.TrimPrefix(value.Key, "Replicated"), strings.TrimPrefix(value.Text, "Replicated")
			}
			parts[part] = value
		}
		table.Engine, table.Parts = strings.TrimPrefix(table.Engine, "Replicated"), parts
		table.Replica, table.Meets, table.UUID = nil, "", ""
		out[name] = table
	}
	return out
}

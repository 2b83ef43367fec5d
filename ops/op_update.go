package ops

import (
	"errors"
	"fmt"
	"strings"
)

// Update gives columns new values in the rows that Where names, of all partitions
// or of one. It is a mutation, awaited on all replicas: each column is written anew
// in every part that has such a row. Key columns cannot be updated (420).
//
//	ops.Update{
//		Table: ops.LocalTable("events", "events_local"),
//		Set:   []ops.Assignment{{Column: "platform", Expression: "'other'"}},
//		Where: "platform = ''", Repeatable: true,
//	}
//
// Without Where it is refused: "1" means all rows. {db} in expressions stands for
// the quoted database. On Replicated tables expressions must give the same on each
// replica: newer servers refuse now(), rand() and subqueries there (36). For one
// that does give the same, use RunSQL with allow_nondeterministic_mutations.
//
// It has no inverse: what the values were is not kept.
type Update struct {
	Table Table        `json:"table" yaml:"table"`
	Set   []Assignment `json:"set,omitempty" yaml:"set,omitempty"`
	Where string       `json:"where,omitempty" yaml:"where,omitempty"`
	// Partition is ClickHouse's own text: "202601", "ID '202601'"; all when empty.
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
	// Reads are tables that Where or Set ask; they are at Table's place if they name none.
	Reads []Table `json:"reads,omitempty" yaml:"reads,omitempty"`
	// Repeatable says that twice is the same as once, so that it may be sent again
	// where it is not known whether it was taken. v = v + 1 is not.
	Repeatable bool `json:"repeatable,omitempty" yaml:"repeatable,omitempty"`
}

// Assignment gives a column a value.
type Assignment struct {
	Column     string `json:"column,omitempty" yaml:"column,omitempty"`
	Expression string `json:"expression" yaml:"expression"`
}

// Tables implements Operation.
func (o Update) Tables() []Table { return append([]Table{o.Table}, placed(o.Reads, o.Table.Place)...) }

// Check implements Operation.
func (o Update) Check() error { return refuse(o, o.check()) }

func (o Update) check() error {
	if err := checkRows(o.Table, o.Partition, o.Where, o.Reads); err != nil {
		return err
	}
	if len(o.Set) == 0 {
		return errors.New("nothing to set: list at least one column in Set")
	}
	seen := map[string]bool{}
	for _, assignment := range o.Set {
		name := assignment.Column
		switch {
		case name == "":
			return errors.New("Set has no column: set Column")
		case strings.TrimSpace(assignment.Expression) == "":
			return fmt.Errorf("Set has no value for %s: set Expression", shown(name))
		case seen[name]:
			return fmt.Errorf("Set has %s twice: leave one out", shown(name))
		}
		seen[name] = true
	}
	return nil
}

// Statements implements Operation.
func (o Update) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureMutationPartition, o.Partition != ""); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	assigned := make([]string, len(o.Set))
	for i, assignment := range o.Set {
		assigned[i] = Ident(assignment.Column) + " = " + inDatabase(assignment.Expression, t.Database)
	}
	stmt := alter(t, "UPDATE", "UPDATE "+strings.Join(assigned, ", ")+" "+whereRows(o.Partition, o.Where, t))
	stmt.Reads = filled(o.Reads, o.Table.Place, env)
	// The other mode leaves no mutation to await.
	stmt.Settings = pinned(env, Setting{Name: "alter_update_mode", Value: "heavy"})
	stmt.Traits = Traits{Mutation: true, RewritesData: true, Repeatable: o.Repeatable}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: an *IrreversibleError.
func (o Update) Inverse() (Operation, error) {
	return nil, &IrreversibleError{
		Operation: Describe(o), Why: "what the values were is not kept; write the way back yourself, as another Update",
	}
}

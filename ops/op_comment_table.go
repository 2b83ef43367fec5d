package ops

import "errors"

// CommentTable changes the comment of a table or a view. An empty Comment
// removes it.
//
//	old := ""
//	ops.CommentTable{Table: ops.LocalTable("events", "events_local"), Comment: "owner: search", Was: &old}
//
// With Was, the comment that it replaces, it has an inverse.
type CommentTable struct {
	Table   Table   `json:"table" yaml:"table"`
	Comment string  `json:"comment,omitempty" yaml:"comment,omitempty"`
	Was     *string `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o CommentTable) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o CommentTable) Check() error { return refuse(o, o.check()) }

func (o CommentTable) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	if o.Was != nil && *o.Was == o.Comment {
		return errors.New("Was is what Comment says: nothing to change")
	}
	return nil
}

// Statements implements Operation.
func (o CommentTable) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureModifyComment, true); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := alter(t, "MODIFY COMMENT", "MODIFY COMMENT "+String(o.Comment))
	// Replicas do not tell each other the comment of their table.
	stmt.Scope, stmt.Direct = EveryNode, true
	stmt.After = []Condition{PartIs{Table: t, Kind: PartComment, Text: o.Comment}}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o CommentTable) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the comment that it replaces"}
	}
	return CommentTable{Table: o.Table, Comment: *o.Was, Was: &o.Comment}, nil
}

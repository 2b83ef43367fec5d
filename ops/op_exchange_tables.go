package ops

import "errors"

// ExchangeTables swaps the names of two tables, at once on each node. Both need
// a database that can (Atomic; others answer 48). Replicated tables keep their
// ZooKeeper paths. Where servers lack EXCHANGE, RenameTables over a third name
// does the same, with a moment in between.
//
//	ops.ExchangeTables{A: ops.LocalTable("events", "events_local"), B: ops.LocalTable("events", "events_shadow")}
//
// It is its own inverse.
type ExchangeTables struct {
	A Table `json:"a" yaml:"a"`
	B Table `json:"b" yaml:"b"`
}

// Tables implements Operation.
func (o ExchangeTables) Tables() []Table { return []Table{o.A, o.B} }

// Check implements Operation.
func (o ExchangeTables) Check() error { return refuse(o, o.check()) }

func (o ExchangeTables) check() error {
	if err := errors.Join(o.A.check(), o.B.check()); err != nil {
		return err
	}
	switch {
	case o.A == o.B:
		return errors.New("A and B are one table: name two")
	case o.A.Place != o.B.Place:
		return errors.New("A and B are at two places: set the same storage set and target")
	}
	return nil
}

// Statements implements Operation.
func (o ExchangeTables) Statements(env Env) ([]Statement, error) {
	if env.skips(o.A.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureExchange, true); err != nil {
		return nil, err
	}
	a, b := o.A.in(env), o.B.in(env)
	return []Statement{{
		Head:    "EXCHANGE TABLES " + a.SQL() + " AND " + b.SQL(),
		Place:   a.Place,
		Writes:  []Table{a, b},
		Scope:   EveryNode,
		Direct:  true,
		After:   []Condition{TablesExchanged{A: a, B: b}},
		Summary: "EXCHANGE TABLES " + shown(a.Name) + " AND " + shown(b.Name),
	}}, nil
}

// Inverse implements Inverter: the same once more.
func (o ExchangeTables) Inverse() (Operation, error) { return o, nil }

package ops

import (
	"errors"
	"fmt"
	"slices"
)

// entity is what users, roles, row policies, quotas and settings profiles have in
// common: each is a value, made, altered and dropped by statements of one form.
type entity interface {
	object() Object  // as system tables name it
	name() string    // as statements name it
	keyword() string // "USER"
	// on is what stands between the name and the clauses: the table of a row policy.
	on() string
	clauses() []accessClause // those that are stated, in the order of the grammar
	check() error
}

// accessClause is one clause, under the name of the field that states it.
type accessClause struct{ field, sql string }

// stated leaves out the clauses that say nothing.
func stated(clauses ...accessClause) []accessClause {
	return slices.DeleteFunc(clauses, func(c accessClause) bool { return c.sql == "" })
}

// accessStatement renders a statement about an entity. ON CLUSTER stands right
// behind the name.
func accessStatement(verb, unless string, place Place, e entity, env Env) Statement {
	head := verb + " " + e.keyword() + " "
	return inStorage(Statement{
		Head:    head + unless + Ident(e.name()),
		Tail:    e.on(),
		Place:   place,
		Scope:   EveryNode,
		Summary: head + shown(joinSet(" ", e.name(), e.on())),
	}, StorageAccess, env)
}

func createAccess(op Operation, place Place, e entity, ifNotExistsToo bool, env Env) ([]Statement, error) {
	if env.skips(place) {
		return nil, nil
	}
	if err := need(env, op, FeatureAccess, true); err != nil {
		return nil, err
	}
	stmt := accessStatement("CREATE", ifNotExists(ifNotExistsToo), place, e, env)
	for _, clause := range e.clauses() {
		stmt.Tail = joinSet(" ", stmt.Tail, clause.sql)
	}
	// What system tables say of an entity cannot be compared with its clauses.
	stmt.After = []Condition{ObjectIs{Object: e.object()}}
	return []Statement{stmt}, nil
}

func alterAccess(op Operation, place Place, e entity, env Env) ([]Statement, error) {
	if env.skips(place) {
		return nil, nil
	}
	if err := need(env, op, FeatureAccess, true); err != nil {
		return nil, err
	}
	stmt := accessStatement("ALTER", "", place, e, env)
	for _, clause := range e.clauses() {
		stmt.Tail = joinSet(" ", stmt.Tail, clause.sql)
	}
	stmt.Traits.Repeatable = true
	return []Statement{stmt}, nil
}

func dropAccess(op Operation, place Place, e entity, ifThere bool, env Env) ([]Statement, error) {
	if env.skips(place) {
		return nil, nil
	}
	if err := need(env, op, FeatureAccess, true); err != nil {
		return nil, err
	}
	stmt := accessStatement("DROP", ifExists(ifThere), place, e, env)
	stmt.After = []Condition{ObjectGone{Object: e.object()}}
	return []Statement{stmt}, nil
}

// checkAccess refuses an entity without a place or a name.
func checkAccess(place Place, e entity) error {
	if err := place.check(); err != nil {
		return err
	}
	if e.name() == "" {
		return fmt.Errorf("no %s: set its Name", e.object().Kind)
	}
	return e.check()
}

// checkAltered refuses a change that changes nothing, and a Was that says of
// other clauses what they were: the way back would leave some as they are now.
func checkAltered(place Place, now entity, was entity) error {
	if err := checkAccess(place, now); err != nil {
		return err
	}
	fields := func(e entity) []string {
		var names []string
		for _, clause := range e.clauses() {
			names = append(names, clause.field)
		}
		return names
	}
	if len(fields(now)) == 0 {
		return errors.New("nothing to change: state what it should have")
	}
	if was == nil {
		return nil
	}
	if was.object() != now.object() {
		return fmt.Errorf("Was is another %s: state the same name", now.object().Kind)
	}
	if !slices.Equal(fields(now), fields(was)) {
		return fmt.Errorf("%v are changed and Was states %v: state the same in both, as the server has them when none were given",
			fields(now), fields(was))
	}
	return was.check()
}

// checkDropped refuses a Was that is something else.
func checkDroppedAccess(place Place, dropped entity, was entity) error {
	if err := place.check(); err != nil {
		return err
	}
	if dropped.name() == "" {
		return fmt.Errorf("no %s: set its Name", dropped.object().Kind)
	}
	if was == nil {
		return nil
	}
	if was.object() != dropped.object() {
		return fmt.Errorf("Was is another %s: state the same name", dropped.object().Kind)
	}
	return was.check()
}

// wasOf keeps a nil pointer from becoming an entity that is not nil.
func wasOf[E entity](was *E) entity {
	if was == nil {
		return nil
	}
	return *was
}

func irreversibleAccess(op Operation, what string) error {
	return &IrreversibleError{Operation: Describe(op), Why: "set Was to what the " + what + " was"}
}

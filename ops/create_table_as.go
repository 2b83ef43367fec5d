package ops

import (
	"errors"
	"fmt"
	"reflect"
)

// checkAs refuses what cannot be said of a table that is made like another.
func (o CreateTable) checkAs() error {
	like := o.like()
	if err := like.check(); err != nil {
		return fmt.Errorf("its As: %w", err)
	}
	switch {
	case like == o.Table:
		return errors.New("As is the table itself: name another")
	case like.StorageSet != o.Table.StorageSet:
		return errors.New("As is in another storage set: name a table that all of its nodes have")
	case len(o.Columns)+len(o.parts()) > 0:
		return errors.New("As brings the columns: leave Columns, Indexes, Constraints and Projections out, or As")
	case reflect.DeepEqual(o.Engine, Engine{}):
		return nil
	}
	// The other table's columns are not known here: the server looks for those
	// that the engine names.
	var named []Column
	for _, name := range append([]string{o.Engine.Version, o.Engine.IsDeleted, o.Engine.Sign}, o.Engine.Columns...) {
		named = append(named, Column{Name: name})
	}
	return o.Engine.check(named)
}

// like is the table that this one is made like.
func (o CreateTable) like() Table { return placed([]Table{*o.As}, o.Table.Place)[0] }

// resolve is the engine on the nodes; nothing where As alone decides on it.
func (o CreateTable) resolve(t Table, env Env) (resolved, error) {
	if o.As == nil || o.Engine.Kind != "" {
		return o.Engine.resolve(t, env)
	}
	if t.Target == Local && !env.SingleNode {
		return resolved{}, errors.New("As alone would give two tables one ZooKeeper path: set Engine")
	}
	return resolved{}, nil
}

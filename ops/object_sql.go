package ops

import "errors"

// inStorage says where the servers keep what a statement makes. Where all nodes
// of a cluster share that, ON CLUSTER would have each of them write it, and all but
// one fail, so the setting that has one of them write it goes along.
func inStorage(stmt Statement, storage Storage, env Env) Statement {
	stmt.Storage = storage
	if env.SingleNode {
		return stmt
	}
	setting := map[Storage]string{
		StorageAccess:           "ignore_on_cluster_for_replicated_access_entities_queries",
		StorageFunctions:        "ignore_on_cluster_for_replicated_udf_queries",
		StorageNamedCollections: "ignore_on_cluster_for_replicated_named_collections_queries",
	}[storage]
	stmt.Settings = append(stmt.Settings, allowing(env, setting)...)
	return stmt
}

// creates renders a statement that makes the object. What follows its name is in
// tail, where ON CLUSTER goes before it.
func (o Object) creates(place Place, verb, unless, tail string) Statement {
	head := verb + unless + Ident(o.Name)
	create := joinSet(" ", head, tail)
	return Statement{
		Head:    head,
		Tail:    tail,
		Place:   place,
		Scope:   EveryNode,
		After:   []Condition{ObjectIs{Object: o, Create: create}},
		Summary: verb + shown(o.Name),
	}
}

// drops renders a statement that drops the object.
func (o Object) drops(place Place, verb string, ifThere bool) Statement {
	return Statement{
		Head:    verb + ifExists(ifThere) + Ident(o.Name),
		Place:   place,
		Scope:   EveryNode,
		After:   []Condition{ObjectGone{Object: o}},
		Summary: verb + shown(o.Name),
	}
}

// check refuses an object without a place or a name.
func (o Object) check(place Place) error {
	if err := place.check(); err != nil {
		return err
	}
	if o.Name == "" {
		return errors.New("no " + string(o.Kind) + ": set Name")
	}
	return nil
}

// checkWas refuses another object than the one that is meant.
func (o Object) checkWas(place Place, was Object, wasPlace Place) error {
	if o != was || place != wasPlace {
		return errors.New("Was is another " + string(o.Kind) + ": state the same name, storage set and target")
	}
	return nil
}

package ops

import "errors"

// onTable renders a statement about a table as a whole, which each node has for
// itself: verb is such as "DROP TABLE".
func onTable(verb, condition string, t Table) Statement {
	return Statement{
		Head:    verb + " " + condition + t.SQL(),
		Place:   t.Place,
		Writes:  []Table{t},
		Scope:   EveryNode,
		Summary: verb + " " + shown(t.Name),
	}
}

// checkStored refuses a Distributed table where rows are meant.
func (t Table) checkStored() error {
	if err := t.check(); err != nil {
		return err
	}
	if t.Target == Distributed {
		return errors.New("a Distributed table keeps no rows: name its LOCAL table")
	}
	return nil
}

// inPartition renders the partition that a command is about; none: all.
func inPartition(partition string) string {
	if partition == "" {
		return ""
	}
	return " IN PARTITION " + partition
}

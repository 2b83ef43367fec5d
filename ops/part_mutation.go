package ops

// partMutation is MATERIALIZE or CLEAR of indexes or projections. It has no
// condition: no system table shows for each partition that it was done.
type partMutation struct {
	verb      string
	kind      PartKind
	feature   Feature
	table     Table
	names     []string
	partition string
}

func (m partMutation) check() error {
	if err := m.kind.checkOn(m.table); err != nil {
		return err
	}
	if err := checkPartitionText(m.partition); err != nil {
		return err
	}
	return checkNames(m.kind, m.names)
}

func (m partMutation) statements(op Operation, env Env) ([]Statement, error) {
	if env.skips(m.table.Place) {
		return nil, nil
	}
	if err := need(env, op, m.feature, true); err != nil {
		return nil, err
	}
	stmt := alterParts(m.table.in(env), m.verb, m.kind, m.names, "", inPartition(m.partition))
	for _, name := range m.names {
		stmt.Needs = append(stmt.Needs, PartIs{Table: m.table.in(env), Kind: m.kind, Name: name})
	}
	stmt.Traits = Traits{Mutation: true, RewritesData: m.verb == "MATERIALIZE", Repeatable: true}
	return []Statement{stmt}, nil
}

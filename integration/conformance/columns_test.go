package conformance

import "github.com/skein-migrate/skein/ops"

func columnScenarios() []scenario {
	x := ops.Column{Name: "x", Type: "UInt16", Expression: "v + 1"}
	return []scenario{
		{name: "with a default", op: ops.AddColumn{Table: local("t"), Column: x, After: "d"}},
		{name: "to a Distributed table", op: ops.AddColumn{Table: dist("t_dist"), Column: ops.Column{Name: "x", Type: "UInt16"}}},
		{op: ops.DropColumn{Table: local("t"), Name: "s", Was: &ops.Column{Name: "s", Type: "String"}}, loses: "the values of the column"},
	}
}

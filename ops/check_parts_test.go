package ops_test

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/ops"
)

// TestCheckRefusesPartsAndProperties: each with the operation's name and what to
// write instead.
func TestCheckRefusesPartsAndProperties(t *testing.T) {
	index := ops.Index{Name: "i", Expression: "id", Type: "minmax"}
	projection := ops.Projection{Name: "p", Query: "SELECT id ORDER BY id"}
	constraint := ops.Constraint{Name: "c", Expression: "1"}
	setting := func(name, value string) []ops.Setting { return []ops.Setting{{Name: name, Value: value}} }
	for _, test := range []struct {
		op   ops.Operation
		want string
	}{
		{ops.AddIndexes{Table: local("t")}, "at least one in Indexes"},
		{ops.AddIndexes{Table: local("t"), Indexes: []ops.Index{index, index}}, "is there twice"},
		{ops.AddIndexes{Table: local("t"), Indexes: []ops.Index{index}, After: "i"}, "After names itself"},
		{ops.AddIndexes{Table: dist("t"), Indexes: []ops.Index{index}}, "LOCAL table"},
		{ops.DropIndexes{Table: local("t")}, "set Names"},
		{ops.DropIndexes{Table: local("t"), Names: []string{"a", "a"}}, "is there twice"},
		{ops.DropIndexes{Table: local("t"), Names: []string{"a"}, Was: []ops.Index{index}}, "the same name"},
		{ops.DropIndexes{Table: local("t"), Names: []string{"i", "j"}, Was: []ops.Index{index}}, "state what each was"},
		{ops.DropIndexes{Table: local("t"), Names: []string{"i"}, First: true}, "set Was"},
		{ops.MaterializeIndex{Table: local("t")}, "set Names"},
		{ops.MaterializeIndex{Table: dist("t"), Names: []string{"i"}}, "LOCAL table"},
		{ops.ClearIndex{Table: local("t"), Names: []string{""}}, "set Name"},
		{ops.ClearIndex{Table: local("t"), Names: []string{"i"}, Partition: "1, CLEAR INDEX j"}, "outside of brackets"},
		{ops.AddProjection{Table: local("t"), Projection: ops.Projection{Name: "p"}}, "set Query"},
		{ops.AddProjection{Table: local("t"), Projection: ops.Projection{Name: "p", Query: "(SELECT 1)"}}, "in brackets"},
		{ops.AddProjection{Table: dist("t"), Projection: projection}, "LOCAL table"},
		{ops.DropProjection{Table: local("t"), Name: "q", Was: &projection}, "the same name"},
		{ops.MaterializeProjection{Table: local("t")}, "set Names"},
		{ops.ClearProjection{Table: local("t")}, "set Names"},
		{ops.AddConstraint{Table: local("t"), Constraint: ops.Constraint{Name: "c"}}, "set Expression"},
		{ops.AddConstraint{Table: local("t"), Constraint: ops.Constraint{Expression: "1"}}, "set Name"},
		{ops.DropConstraint{Table: local("t"), Name: "d", Was: &constraint}, "the same name"},
		{ops.ModifyTTL{Table: local("t")}, "set TTL"},
		{ops.ModifyTTL{Table: local("t"), TTL: "d", Was: "d"}, "nothing to change"},
		{ops.ModifyTTL{Table: local("t"), TTL: "d", Was: "e", WasNone: true}, "leave one out"},
		{ops.ModifyTTL{Table: dist("t"), TTL: "d"}, "LOCAL table"},
		{ops.MaterializeTTL{Table: local("t"), Partition: "1; DROP TABLE t"}, "Partition has ;"},
		{ops.ModifySettings{Table: local("t")}, "at least one in Settings"},
		{ops.ModifySettings{Table: local("t"), Settings: setting("", "1")}, "set Name"},
		{ops.ModifySettings{Table: local("t"), Settings: setting("a", "1"), Was: setting("b", "1")}, "is not changed"},
		{ops.ModifySettings{Table: local("t"), Settings: setting("a", "1"), Was: setting("a", "1")}, "the same value"},
		{ops.ModifySettings{Table: dist("t"), Settings: setting("a", "1")}, "drop it and make it anew"},
		{ops.ResetSettings{Table: local("t")}, "at least one in Names"},
		{ops.ModifyOrderBy{Table: local("t")}, "set OrderBy"},
		{ops.ModifyOrderBy{Table: local("t"), OrderBy: "a", Was: "a"}, "nothing to change"},
		{ops.ModifyOrderBy{Table: local("t"), OrderBy: "a", First: true}, "set Add or Drop"},
		{ops.ModifyOrderBy{Table: local("t"), OrderBy: "a", Add: []ops.Column{{Name: "a", Type: "UInt8", Expression: "1"}}}, "has a default"},
		{ops.ModifySampleBy{Table: local("t")}, "set SampleBy"},
		{ops.RemoveSampleBy{Table: dist("t")}, "LOCAL table"},
	} {
		err := test.op.Check()
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), ops.KindOf(test.op)) {
			t.Errorf("%s: %v, want …%s…", ops.KindOf(test.op), err, test.want)
		}
	}
}

package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
)

func TestAProbedColumnHasItsKindOfDefault(t *testing.T) {
	for want, column := range map[string]ops.Column{
		"`c` UInt8":                   {Name: "c", Type: "UInt8"},
		"`c` UInt8 DEFAULT 1":         {Name: "c", Type: "UInt8", Expression: "1"},
		"`c` UInt8 ALIAS id CODEC(T)": {Name: "c", Type: "UInt8", Kind: ops.Alias, Expression: "id", Codec: "T"},
		"`c` UInt8 EPHEMERAL":         {Name: "c", Type: "UInt8", Kind: ops.Ephemeral},
		"`c` UInt8 EPHEMERAL 7":       {Name: "c", Type: "UInt8", Kind: ops.Ephemeral, Expression: "7"},
	} {
		if got := definitionOf(column); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What a temporary table asks by its defaults could not be dropped until a restart (26.7).
func TestAProbeGivesUpItsDefaults(t *testing.T) {
	for _, test := range []struct {
		columns []ops.Column
		want    []string
	}{
		{[]ops.Column{{Name: "a", Type: "UInt8"}, {Name: "e", Type: "UInt8", Kind: ops.Ephemeral}}, nil},
		{
			[]ops.Column{
				{Name: "a", Type: "UInt8", Expression: "b"},
				{Name: "b", Type: "UInt8", Kind: ops.Ephemeral, Expression: "dictGet('d', 'x', 1)"},
				{Name: "c", Kind: ops.Materialized, Expression: "a"},
			},
			[]string{
				"ALTER TEMPORARY TABLE skein_probe MODIFY COLUMN `a` REMOVE DEFAULT, MODIFY COLUMN `c` REMOVE MATERIALIZED",
				"ALTER TEMPORARY TABLE skein_probe DROP COLUMN `b`",
			},
		},
	} {
		if diff := cmp.Diff(test.want, withoutDefaults(test.columns)); diff != "" {
			t.Error(diff)
		}
	}
}

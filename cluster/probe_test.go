package cluster

import (
	"testing"

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

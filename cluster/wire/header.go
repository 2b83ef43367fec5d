package wire

import (
	"fmt"

	"github.com/ClickHouse/ch-go/proto"
)

// answer decodes what a query returns, whatever its columns are. It is ch-go's Auto, but
// for the block that comes first and has names and types alone: there a String, as nearly
// all columns are that skein asks for, is not looked up among some forty types by name,
// which was a seventh of the processor time with a thousand nodes.
type answer struct{ columns proto.Results }

// DecodeResult implements proto.Result.
func (a *answer) DecodeResult(r *proto.Reader, version int, b proto.Block) error {
	if len(a.columns) > 0 || b.Rows > 0 {
		return a.columns.Auto().DecodeResult(r, version, b)
	}
	for i := range b.Columns {
		name, err := r.Str()
		if err != nil {
			return fmt.Errorf("column %d: name: %w", i+1, err)
		}
		kind, err := r.Str()
		if err != nil {
			return fmt.Errorf("column %d: type: %w", i+1, err)
		}
		if proto.FeatureCustomSerialization.In(version) {
			custom, err := r.Bool()
			if err != nil {
				return fmt.Errorf("column %s: serialization: %w", name, err)
			}
			if custom {
				return fmt.Errorf("column %s comes in a serialization of its own, which is not understood", name)
			}
		}
		column := proto.ResultColumn{Name: name, Data: new(proto.ColStr)}
		if kind != "String" {
			auto := new(proto.ColAuto)
			if err := auto.Infer(proto.ColumnType(kind)); err != nil {
				return fmt.Errorf("column %s: %w", name, err)
			}
			column.Data = auto.Data
		}
		a.columns = append(a.columns, column)
	}
	return nil
}

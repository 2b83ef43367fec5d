package wire

import (
	"fmt"
	"reflect"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// emit hands the rows of a block on as text.
func emit(results proto.Results, onRow func([]string)) {
	if onRow == nil {
		return
	}
	columns := make([]func(row int) string, len(results))
	for i, column := range results {
		columns[i] = cells(column.Data)
	}
	rows, width := results.Rows(), len(columns)
	all := make([]string, rows*width) // of one block: a slice a row would cost more than what is in it
	for row := range rows {
		out := all[row*width : (row+1)*width : (row+1)*width]
		for i, cell := range columns {
			out[i] = cell(row)
		}
		onRow(out)
	}
}

// cells gives a column's values as text.
func cells(data proto.ColResult) func(row int) string {
	if auto, ok := data.(*proto.ColAuto); ok {
		data = auto.Data
	}
	if plain, ok := data.(*proto.ColStr); ok { // nearly all that skein asks for
		last := ""
		return func(row int) string {
			if value := plain.RowBytes(row); string(value) != last { // many come several times in a row
				last = string(value)
			}
			return last
		}
	}
	method := reflect.ValueOf(data).MethodByName("Row")
	if !method.IsValid() {
		return func(int) string { return "" }
	}
	return func(row int) string { return text(method.Call([]reflect.Value{reflect.ValueOf(row)})[0]) }
}

func text(value reflect.Value) string {
	// proto.Nullable[T] is generic, so that only its shape can be asked for.
	if value.Kind() == reflect.Struct && value.NumField() == 2 &&
		value.Type().Field(0).Name == "Set" && value.Type().Field(1).Name == "Value" {
		if !value.Field(0).Bool() {
			return Null
		}
		value = value.Field(1)
	}
	if t, ok := value.Interface().(time.Time); ok {
		return t.UTC().Format(time.DateTime)
	}
	return fmt.Sprint(value.Interface())
}

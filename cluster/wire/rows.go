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
	columns := make([]reflect.Value, len(results))
	for i, column := range results {
		columns[i] = reflect.ValueOf(column.Data).MethodByName("Row")
	}
	for row := range results.Rows() {
		out := make([]string, len(columns))
		for i, method := range columns {
			if method.IsValid() {
				out[i] = text(method.Call([]reflect.Value{reflect.ValueOf(row)})[0])
			}
		}
		onRow(out)
	}
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

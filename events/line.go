package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Head is what every line begins with.
type Head struct {
	At    time.Time `json:"at"`    // when it happened, UTC
	Run   string    `json:"run"`   // the run's ID, as history and the query IDs have it
	Seq   int       `json:"seq"`   // the line's place in its run, from 1: a gap is a lost line
	Event string    `json:"event"` // its kind
}

// Line is an event as one line of JSON, with its line end. Its own Event need not
// be set in head.
func Line(head Head, event journal.Event) ([]byte, error) {
	head.At, head.Event = head.At.UTC(), Name(event)
	var line bytes.Buffer
	line.WriteByte('{')
	value := reflect.ValueOf(head)
	for i := range value.NumField() {
		if err := write(&line, value.Type().Field(i).Tag.Get("json"), value.Field(i).Interface()); err != nil {
			return nil, err
		}
	}
	value = reflect.ValueOf(event)
	for _, field := range fieldsOf(value.Type()) {
		if err := write(&line, field.key, field.of(value)); err != nil {
			return nil, fmt.Errorf("write %s of %s: %w", field.key, head.Event, err)
		}
	}
	line.WriteString("}\n")
	return line.Bytes(), nil
}

// write adds a key. SQL stays as it is: nothing here is put into HTML.
func write(line *bytes.Buffer, key string, value any) error {
	if line.Len() > 1 {
		line.WriteByte(',')
	}
	fmt.Fprintf(line, "%q:", key)
	encoder := json.NewEncoder(line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	line.Truncate(line.Len() - 1) // the line end that Encode adds
	return nil
}

// field is a key of a line and where its value comes from.
type field struct {
	key  string
	name string // of the Go field, as Type.Field
	typ  reflect.Type
	path []int
}

// fieldsOf lists the keys of an event: its fields in their order. A journal.Key is
// two keys of the line, and a journal.Run lacks what the head says.
func fieldsOf(event reflect.Type) []field {
	var out []field
	for i := range event.NumField() {
		f := event.Field(i)
		inner := func(name, key string) {
			sub, _ := f.Type.FieldByName(name)
			out = append(out, field{key: key, name: f.Type.Name() + "." + name, typ: sub.Type, path: []int{i, sub.Index[0]}})
		}
		switch f.Type {
		case reflect.TypeFor[journal.Key]():
			inner("Group", "group")
			inner("ID", "migration")
		case reflect.TypeFor[journal.Run]():
			inner("Epoch", "epoch")
			inner("AppliedBy", "applied_by")
			inner("Command", "command")
		default:
			out = append(out, field{key: keyOf(f), name: event.Name() + "." + f.Name, typ: f.Type, path: []int{i}})
		}
	}
	return out
}

func keyOf(f reflect.StructField) string {
	switch {
	case f.Type == reflect.TypeFor[time.Duration]():
		return snake(f.Name) + "_ms"
	case f.Type == reflect.TypeFor[error]():
		return "error"
	}
	return snake(f.Name)
}

// of is the value of a field as JSON has it: a duration is whole milliseconds, an
// error its text, and a list is never null.
func (f field) of(event reflect.Value) any {
	value := event.FieldByIndex(f.path)
	switch v := value.Interface().(type) {
	case time.Duration:
		return v.Milliseconds()
	case error:
		return v.Error()
	}
	switch {
	case f.typ == reflect.TypeFor[error]():
		return "" // nil
	case value.Kind() == reflect.Slice && value.IsNil():
		return []any{}
	}
	return value.Interface()
}

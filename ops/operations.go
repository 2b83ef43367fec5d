package ops

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Operations is an ordered list of operations, such as a branch of When. It
// encodes as JSON in canonical form and decodes from it.
type Operations []Operation

// KindOf is the name of an operation's type, such as "AddColumn".
func KindOf(op Operation) string {
	t := reflect.TypeOf(op)
	if t == nil {
		return "no operation"
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// Describe names an operation for people, without a server: "AddColumn events_local".
func Describe(op Operation) string {
	if d, ok := op.(interface{ describe() string }); ok {
		return KindOf(op) + " " + d.describe()
	}
	if tables := op.Tables(); len(tables) > 0 && tables[0].Name != "" {
		return KindOf(op) + " " + shown(tables[0].String())
	}
	return KindOf(op)
}

// Canonical is the deterministic JSON of an operation, {"AddColumn":{…}}, over
// which checksums are made. Fields at their zero value are left out, so that a
// field that skein gains later changes no checksum.
func Canonical(op Operation) ([]byte, error) {
	kind := KindOf(op)
	if !ours(op) {
		return nil, fmt.Errorf("canonical form of %s: not one of the operations of ops.Kinds", kind)
	}
	fields, err := json.Marshal(op)
	if err != nil {
		return nil, fmt.Errorf("canonical form of %s: %w", kind, err)
	}
	return slices.Concat([]byte(`{"`+kind+`":`), fields, []byte("}")), nil
}

// ours says that the type of an operation is of this package: then Kinds has it.
func ours(op Operation) bool {
	t := reflect.TypeOf(op)
	if t == nil {
		return false
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == reflect.TypeFor[Place]().PkgPath()
}

// MarshalJSON encodes the operations as a list of their canonical forms.
func (list Operations) MarshalJSON() ([]byte, error) {
	texts := make([]json.RawMessage, len(list))
	for i, op := range list {
		text, err := Canonical(op)
		if err != nil {
			return nil, err
		}
		texts[i] = text
	}
	return json.Marshal(texts)
}

// UnmarshalJSON decodes what MarshalJSON makes. Unknown operations and unknown
// fields are errors, and so is RunGo: a function cannot be decoded.
func (list *Operations) UnmarshalJSON(text []byte) error {
	var entries []map[string]json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return fmt.Errorf("operations: %w", err)
	}
	decoded := make(Operations, 0, len(entries))
	for i, entry := range entries {
		if len(entry) != 1 {
			return fmt.Errorf("operation %d: %d names, want one, such as {\"AddColumn\": {…}}", i+1, len(entry))
		}
		for kind, fields := range entry {
			op, err := decode(kind, fields)
			if err != nil {
				return fmt.Errorf("operation %d (%s): %w", i+1, kind, err)
			}
			decoded = append(decoded, op)
		}
	}
	*list = decoded
	return nil
}

func decode(kind string, fields json.RawMessage) (Operation, error) {
	zero, known := Kinds()[kind]
	if !known {
		return nil, errors.New("no such operation")
	}
	if _, code := zero.(RunGo); code {
		return nil, errors.New("a Go function can only be registered from Go")
	}
	value := reflect.New(reflect.TypeOf(zero))
	decoder := json.NewDecoder(bytes.NewReader(fields))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value.Interface()); err != nil {
		return nil, err
	}
	op, _ := value.Elem().Interface().(Operation)
	return op, nil
}

// Inverse undoes the operations in reverse order. One without an inverse makes
// the whole list irreversible: the error wraps an *IrreversibleError.
func (list Operations) Inverse() (Operations, error) {
	inverted := make(Operations, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		inverter, ok := list[i].(Inverter)
		if !ok {
			return nil, &IrreversibleError{Operation: Describe(list[i]), Why: "it does not know how to undo itself"}
		}
		op, err := inverter.Inverse()
		if err != nil {
			return nil, fmt.Errorf("operation %d: %w", i+1, err)
		}
		if op == nil {
			continue // nothing to undo
		}
		inverted = append(inverted, op)
	}
	return inverted, nil
}

// refuse names the operation and its table in the error of a refused value.
func refuse[O Operation](op O, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", Describe(op), err)
}

// shown makes a name safe to print on one line. It is not SQL.
func shown(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Ident(name)
	}
	return name
}

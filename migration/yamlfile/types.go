package yamlfile

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/skein-migrate/skein/ops"
)

// types is what reflection says of the operations, looked up once.
type types struct {
	operations map[string]reflect.Type // by key: add_column
	shapes     map[reflect.Type]*shape
	words      map[reflect.Type]*words
	choices    map[string][]string
	// unchecked leaves the operations' own Check out: tests fill fields by their
	// types alone.
	unchecked bool
}

// shape is a struct as a mapping of YAML.
type shape struct {
	fields    []field // without what is inlined
	keys      []string
	place     []int // the index of its ops.Place, nil if it has none
	operation bool
}

// sited says that its mapping takes storage_set and target, for itself or for
// the tables in it.
func (s *shape) sited() bool { return s.operation || s.place != nil }

type field struct {
	key      string
	name     string // of the Go field
	index    []int
	typ      reflect.Type
	required bool
}

func newTypes() *types {
	t := &types{
		operations: map[string]reflect.Type{},
		shapes:     map[reflect.Type]*shape{},
		words:      map[reflect.Type]*words{},
		choices:    choices(),
	}
	for kind, op := range ops.Kinds() {
		t.operations[snake(kind)] = reflect.TypeOf(op)
	}
	return t
}

// operationKeys are all keys, but that of the kind which is code.
func (t *types) operationKeys() []string {
	keys := slices.Sorted(maps.Keys(t.operations))
	return slices.DeleteFunc(keys, func(key string) bool { return t.operations[key] == goCode() })
}

func goCode() reflect.Type { return reflect.TypeFor[ops.RunGo]() }

func (t *types) shape(typ reflect.Type) *shape {
	if known, ok := t.shapes[typ]; ok {
		return known
	}
	s := &shape{operation: typ.Implements(reflect.TypeFor[ops.Operation]())}
	t.shapes[typ] = s
	for i := range typ.NumField() {
		f := typ.Field(i)
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case f.Type == reflect.TypeFor[ops.Place]() && options == "inline":
			s.place = f.Index
		case key != "" && key != "-":
			s.fields = append(s.fields, field{
				key: key, name: f.Name, index: f.Index, typ: f.Type,
				required: required(typ, f, !strings.Contains(options, "omitempty")),
			})
			s.keys = append(s.keys, key)
		}
	}
	if s.sited() {
		s.keys = append(s.keys, "storage_set", "target")
	}
	return s
}

// required says whether a mapping without the field is refused where it stands.
// What depends on other fields is left to the operation's Check.
func required(in reflect.Type, f reflect.StructField, always bool) bool {
	switch {
	case in == reflect.TypeFor[ops.Table](): // its name alone is tagged as if it could be left out
		return f.Name == "Name"
	case in == reflect.TypeFor[ops.Column]() && f.Name == "Type": // ModifyColumn may leave it out
		return false
	case in == reflect.TypeFor[ops.CreateTable]() && f.Name == "Engine": // so may As
		return false
	}
	return always && (f.Type.Kind() == reflect.String || f.Type.Kind() == reflect.Struct)
}

// snake makes add_column of AddColumn and modify_ttl of ModifyTTL.
func snake(name string) string {
	letters := []rune(name)
	var out strings.Builder
	for i, r := range letters {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1])) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

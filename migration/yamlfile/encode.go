package yamlfile

import (
	"bytes"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// Encode writes a migration as the text of a file, without its ID, which is the
// file's name. The keys are in the order of the Go fields. What can be short is:
// a storage set or target that all operations share stands once for the file, a
// table is its name, settings are keys and values, small mappings are on one
// line. Parse of the text gives the same migration, but that tables which name
// no place have that of their operation. RunGo, and text that is not UTF-8,
// cannot be written and are errors.
func Encode(m migration.Migration) ([]byte, error) {
	e := &encoder{types: newTypes()}
	common := commonPlace(m)
	h := header{
		Blocking: m.Blocking, Irreversible: m.Irreversible, Allow: m.Allow,
		StorageSet: common.StorageSet, Target: common.Target, Forward: m.Forward, Backward: m.Backward,
	}
	if m.NoBatch {
		h.Batch = new(bool)
	}
	for _, dependency := range m.DependsOn {
		h.DependsOn = append(h.DependsOn, dependency.String())
	}
	node := &yaml.Node{Kind: yaml.MappingNode}
	value := reflect.ValueOf(h)
	for _, f := range e.shape(value.Type()).fields {
		v := value.FieldByIndex(f.index)
		if v.IsZero() && f.key != "forward" {
			continue
		}
		child, err := e.value(v, setting{place: common})
		if err != nil {
			return nil, fmt.Errorf("write migration %s as YAML: %s: %w", m.ID, f.key, err)
		}
		node.Content = append(node.Content, plain(f.key), child)
	}
	var out bytes.Buffer
	writer := yaml.NewEncoder(&out)
	writer.SetIndent(2)
	if err := writer.Encode(node); err != nil {
		return nil, fmt.Errorf("write migration %s as YAML: %w", m.ID, err)
	}
	return out.Bytes(), writer.Close()
}

// commonPlace is what the places of all operations have in common.
func commonPlace(m migration.Migration) ops.Place {
	var common ops.Place
	first := true
	for _, list := range [][]ops.Operation{m.Forward, m.Backward} {
		for _, op := range list {
			if op == nil {
				continue
			}
			place := ops.PlaceOf(op)
			if first {
				common, first = place, false
			}
			if place.StorageSet != common.StorageSet {
				common.StorageSet = ""
			}
			if place.Target != common.Target {
				common.Target = ""
			}
		}
	}
	return common
}

// encoder makes nodes of values.
type encoder struct{ *types }

// setting is what the reader knows where a value stands, so that it is not repeated.
type setting struct {
	place ops.Place
	table *ops.Table
}

func (e *encoder) value(v reflect.Value, in setting) (*yaml.Node, error) {
	switch value := v.Interface().(type) {
	case ops.Operations:
		return e.operations(value, in)
	case ops.Table:
		if value.Database == "" && e.known(value.Place, in.place) && value.Name != "" {
			return text(value.Name)
		}
	case []ops.Setting:
		if node, err := shortSettings(value); node != nil || err != nil {
			return node, err
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		return e.structure(v, in)
	case reflect.Pointer:
		return e.value(v.Elem(), in)
	case reflect.Slice:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			child, err := e.value(v.Index(i), in)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
		return onOneLine(node), nil
	case reflect.String:
		if words := e.wordsOf(v.Type()); words != nil {
			return text(words.toYAML(v.String()))
		}
		return text(v.String())
	case reflect.Bool, reflect.Int:
		return plain(fmt.Sprint(v.Interface())), nil
	}
	return nil, fmt.Errorf("a %s has no YAML", v.Type())
}

// known says that a place is what the reader takes it to be.
func (e *encoder) known(place, known ops.Place) bool { return differs(place, known) == ops.Place{} }

// differs is what of a place has to be written.
func differs(place, known ops.Place) ops.Place {
	if place.StorageSet == known.StorageSet {
		place.StorageSet = ""
	}
	if place.Target == known.Target {
		place.Target = ""
	}
	return place
}

func (e *encoder) operations(list ops.Operations, in setting) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode}
	for _, op := range list {
		if _, code := op.(ops.RunGo); code || op == nil {
			return nil, fmt.Errorf("%s has no YAML", ops.KindOf(op))
		}
		v := reflect.ValueOf(op)
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		body, err := e.structure(v, setting{place: in.place})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ops.Describe(op), err)
		}
		node.Content = append(node.Content, &yaml.Node{
			Kind: yaml.MappingNode, Content: []*yaml.Node{plain(snake(v.Type().Name())), body},
		})
	}
	return node, nil
}

// structure writes a mapping. An operation has its place behind its table, or
// first where it has none.
func (e *encoder) structure(v reflect.Value, in setting) (*yaml.Node, error) {
	shape := e.shape(v.Type())
	body := &yaml.Node{Kind: yaml.MappingNode}
	site, err := e.site(v, shape, &in)
	if err != nil {
		return nil, err
	}
	owner := in.table
	in.table = nil
	tables := 0
	for _, f := range shape.fields {
		value := v.FieldByIndex(f.index)
		table, is := value.Interface().(ops.Table)
		own := is && shape.operation && f.key == "table"
		if !leftOut(value, f) && (!own || owner == nil || table != *owner) {
			node, err := e.value(value, in)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.key, err)
			}
			body.Content = append(body.Content, plain(f.key), node)
		}
		if own {
			in.table = &table
		}
		if is && shape.operation {
			if tables++; tables == 1 {
				in.place = over(in.place, table.Place)
				body.Content, site = append(body.Content, site...), nil
			}
		}
	}
	body.Content = append(site, body.Content...)
	return onOneLine(body), nil
}

// site is storage_set and target, as far as the reader does not know them.
func (e *encoder) site(v reflect.Value, shape *shape, in *setting) ([]*yaml.Node, error) {
	if !shape.sited() {
		return nil, nil
	}
	here := differs(placeOf(v, shape), in.place)
	in.place = over(in.place, here)
	var site []*yaml.Node
	for _, part := range []struct{ key, value string }{
		{"storage_set", string(here.StorageSet)},
		{"target", e.wordsOf(reflect.TypeFor[ops.Target]()).toYAML(string(here.Target))},
	} {
		if part.value == "" {
			continue
		}
		node, err := text(part.value)
		if err != nil {
			return nil, err
		}
		site = append(site, plain(part.key), node)
	}
	return site, nil
}

func leftOut(v reflect.Value, f field) bool { return v.IsZero() && !f.required }

// over is a place with the parts of another that are not empty.
func over(place, above ops.Place) ops.Place {
	if above.StorageSet != "" {
		place.StorageSet = above.StorageSet
	}
	if above.Target != "" {
		place.Target = above.Target
	}
	return place
}

func placeOf(v reflect.Value, shape *shape) ops.Place {
	if shape.place != nil {
		place, _ := v.FieldByIndex(shape.place).Interface().(ops.Place)
		return place
	}
	op, _ := v.Interface().(ops.Operation)
	return ops.PlaceOf(op)
}

// shortSettings writes settings as keys and values, nil where a name is there
// twice or empty.
func shortSettings(settings []ops.Setting) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	seen := map[string]bool{}
	for _, s := range settings {
		if seen[s.Name] || s.Name == "" {
			return nil, nil
		}
		seen[s.Name] = true
		name, err := text(s.Name)
		if err != nil {
			return nil, err
		}
		value, err := text(s.Value)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, name, value)
	}
	return onOneLine(node), nil
}

package yamlfile

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/nearest"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// mostAliased bounds what aliases make of a file: ten lines of aliases to
// aliases could be billions of values.
const mostAliased = 100_000

// follow reads a node, or what an alias stands for.
func (d *decoder) follow(node *yaml.Node, read func(*yaml.Node)) {
	if node.Kind == yaml.AliasNode {
		target := yamlnode.Resolve(node)
		if slices.Contains(d.followed, target) {
			d.wrong(node, "the alias *%s stands inside of what it repeats", node.Value)
			return
		}
		d.followed = append(d.followed, target)
		defer func() { d.followed = d.followed[:len(d.followed)-1] }()
		node = target
	}
	if len(d.followed) > 0 {
		if d.aliased++; d.aliased > mostAliased && !d.stopped {
			d.wrong(node, "aliases make more than %d values of this file: write it out, or split it", mostAliased)
			d.stopped = true
		}
	}
	if d.stopped {
		return
	}
	read(node)
}

// value reads into a field by its type.
func (d *decoder) value(node *yaml.Node, into reflect.Value, in around) {
	d.follow(node, func(node *yaml.Node) { d.resolved(node, into, in) })
}

func (d *decoder) resolved(node *yaml.Node, into reflect.Value, in around) {
	switch target := into.Addr().Interface().(type) {
	case *ops.Operations:
		*target = d.operations(node, in)
		return
	case *[]ops.Setting:
		if node.Kind == yaml.MappingNode {
			*target = d.settings(node, in)
			return
		}
	case *ops.Table:
		if yamlnode.IsText(node) && node.Value != "" {
			*target = ops.Table{Place: in.place, Name: node.Value}
			return
		}
		if node.Kind != yaml.MappingNode {
			d.want(node, in.path, "the name of a table, or keys such as {database: …, name: …}")
			return
		}
	case *storageset.Key:
		if yamlnode.IsText(node) && node.Value == "" {
			d.wrong(node, "%s: is empty: leave the key out instead", in.path)
			return
		}
	}
	switch into.Kind() {
	case reflect.Struct:
		d.structure(node, into, in)
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.resolved(node, into.Elem(), in)
	case reflect.Slice:
		d.list(node, into, in)
	default:
		d.scalar(node, into, in)
	}
}

// structure reads a mapping. A struct with a place, and an operation, takes
// storage_set and target; the tables in it that name none are there too, else at
// the place of its first table.
func (d *decoder) structure(node *yaml.Node, into reflect.Value, in around) {
	if node.Kind != yaml.MappingNode {
		d.want(node, in.path, "keys and values")
		return
	}
	shape := d.shape(into.Type())
	entries := d.mapping(node, in.path)
	if shape.sited() {
		d.site(entries, &in)
	}
	if shape.place != nil {
		into.FieldByIndex(shape.place).Set(reflect.ValueOf(in.place))
	}
	owner := in.table
	in.table = nil
	tables := 0
	for _, f := range shape.fields {
		target := into.FieldByIndex(f.index)
		e, given := entries[f.key]
		switch {
		case given:
			d.value(e.value, target, in.in(e.key, f.key))
		case shape.operation && f.key == "table" && owner != nil && f.typ == reflect.TypeFor[ops.Table]():
			target.Set(reflect.ValueOf(*owner)) // it was the same table
		case f.required:
			d.wrong(in.at, "%s: %s is missing", in.path, f.key)
		}
		if table, ok := target.Addr().Interface().(*ops.Table); ok && shape.operation {
			if tables++; tables == 1 && table.Place != (ops.Place{}) {
				in.place = table.Place
			}
			if f.key == "table" {
				in.table = table
			}
		}
	}
	d.unknown(entries, shape.keys, in.path)
}

// site reads storage_set and target.
func (d *decoder) site(entries map[string]entry, in *around) {
	if e, given := entries["storage_set"]; given {
		d.value(e.value, reflect.ValueOf(&in.place.StorageSet).Elem(), in.in(e.key, "storage_set"))
	}
	if e, given := entries["target"]; given {
		d.value(e.value, reflect.ValueOf(&in.place.Target).Elem(), in.in(e.key, "target"))
	}
}

func (d *decoder) list(node *yaml.Node, into reflect.Value, in around) {
	if node.Kind != yaml.SequenceNode {
		d.want(node, in.path, "a list")
		return
	}
	if len(node.Content) == 0 {
		return
	}
	list := reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content))
	for i, item := range node.Content {
		entry := in
		entry.at, entry.path = item, in.path+"["+strconv.Itoa(i)+"]"
		d.value(item, list.Index(i), entry)
	}
	into.Set(list)
}

// settings reads {max_threads: 4}, the short form of a list of settings.
func (d *decoder) settings(node *yaml.Node, in around) []ops.Setting {
	d.mapping(node, in.path)
	var settings []ops.Setting
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if !yamlnode.IsKey(key) {
			continue // reported
		}
		setting := ops.Setting{Name: key.Value}
		d.value(value, reflect.ValueOf(&setting.Value).Elem(), in.in(key, key.Value))
		settings = append(settings, setting)
	}
	return settings
}

func (d *decoder) scalar(node *yaml.Node, into reflect.Value, in around) {
	switch into.Kind() {
	case reflect.Bool:
		if !yamlnode.IsBool(node) {
			d.want(node, in.path, "true or false")
			return
		}
		into.SetBool(strings.EqualFold(node.Value, "true"))
	case reflect.Int:
		number, err := strconv.Atoi(node.Value)
		if node.Kind != yaml.ScalarNode || node.Tag != "!!int" || err != nil {
			d.want(node, in.path, "a whole number")
			return
		}
		into.SetInt(int64(number))
	case reflect.String:
		d.text(node, into, in)
	default:
		d.wrong(node, "%s: cannot be written in YAML", in.path)
	}
}

func (d *decoder) text(node *yaml.Node, into reflect.Value, in around) {
	words := d.wordsOf(into.Type())
	switch {
	case !yamlnode.IsText(node) && words != nil:
		d.want(node, in.path, "one word of"+words.list())
	case yamlnode.IsNull(node):
		d.want(node, in.path, `text: leave the key out, or write ""`)
	case !yamlnode.IsText(node):
		d.want(node, in.path, "text (quote it if it is)")
	case words == nil:
		into.SetString(node.Value)
	default:
		value, known := words.fromYAML(node.Value)
		if !known {
			d.wrong(node, "%s: %q is none of its words%s%s", in.path, node.Value, words.list(), nearest.DidYouMean(node.Value, words.inYAML))
			return
		}
		into.SetString(value)
	}
}

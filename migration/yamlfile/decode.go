package yamlfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/nearest"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// decoder reads one file and collects what is wrong with it.
type decoder struct {
	*types
	file     string
	problems []*yamlnode.Problem
	sets     []storageset.Key // of the group
	place    ops.Place        // of operations that name none
	followed []*yaml.Node     // anchors whose aliases are being read
	aliased  int              // values that were read through an alias
	stopped  bool             // there were too many: nothing more is read, or reported
}

// around is what a value takes from what it stands in.
type around struct {
	at    *yaml.Node // the key or the entry of a list: where something missing is reported
	path  string
	place ops.Place
	table *ops.Table // of the operation, for what it was
}

func (a around) in(at *yaml.Node, key string) around {
	a.at, a.path = at, a.path+"."+key
	return a
}

func (d *decoder) wrong(node *yaml.Node, format string, args ...any) {
	if d.stopped {
		return
	}
	d.problems = append(d.problems, yamlnode.At(d.file, node, fmt.Sprintf(format, args...)))
}

func (d *decoder) want(node *yaml.Node, path, want string) {
	d.wrong(node, "%s: want %s, have %s", path, want, yamlnode.Kind(node))
}

// migration reads the file as a whole, except its ID.
func (d *decoder) migration(root *yaml.Node) migration.Migration {
	var h header
	shape := d.shape(reflect.TypeFor[header]())
	if root = yamlnode.Resolve(root); root.Kind != yaml.MappingNode {
		d.wrong(root, "the file: want keys and values, have %s", yamlnode.Kind(root))
		return migration.Migration{}
	}
	entries := d.mapping(root, "the file")
	for _, f := range shape.fields {
		entry, given := entries[f.key]
		if !given {
			continue
		}
		into := reflect.ValueOf(&h).Elem().FieldByIndex(f.index)
		d.value(entry.value, into, around{at: entry.key, path: f.key, place: d.place})
		switch { // both stand before the operations among the fields
		case f.name == "StorageSet" && h.StorageSet != "":
			d.place.StorageSet = h.StorageSet
		case f.name == "Target":
			d.place.Target = h.Target
		}
	}
	d.unknown(entries, shape.keys, "the file")
	if has(entries, "backward") && h.Backward == nil {
		h.Backward = ops.Operations{} // nothing to undo, and none is derived
	}
	switch {
	case !has(entries, "forward"):
		d.wrong(root, "forward is missing: list the operations of the migration there")
	case len(h.Forward) == 0 && len(d.problems) == 0:
		d.wrong(entries["forward"].key, "forward is empty: list at least one operation")
	}
	if h.Irreversible != "" && len(h.Backward) > 0 {
		d.wrong(entries["irreversible"].key, "irreversible, but backward has operations: leave one of them out")
	}
	return migration.Migration{
		Blocking: h.Blocking, Irreversible: h.Irreversible, Allow: h.Allow, DependsOn: d.dependencies(entries, h.DependsOn),
		NoBatch: h.Batch != nil && !*h.Batch, Forward: h.Forward, Backward: h.Backward,
	}
}

// dependencies reads group:id.
func (d *decoder) dependencies(entries map[string]entry, texts []string) []migration.Dependency {
	var dependencies []migration.Dependency
	for _, text := range texts {
		dependency, err := migration.ParseDependency(text)
		if err != nil {
			d.wrong(entries["depends_on"].key, "depends_on: %v", err)
		}
		dependencies = append(dependencies, dependency)
	}
	return dependencies
}

// entry is a key with its value, aliases not followed.
type entry struct{ key, value *yaml.Node }

func has(entries map[string]entry, key string) bool { _, ok := entries[key]; return ok }

// mapping reads the keys of a mapping node. Merges and keys given twice are problems.
func (d *decoder) mapping(node *yaml.Node, path string) map[string]entry {
	entries := make(map[string]entry, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if !yamlnode.IsKey(key) {
			d.wrong(key, "%s: only plain keys are allowed here, have %s", path, yamlnode.KeyKind(key))
			continue
		}
		if first, again := entries[key.Value]; again {
			d.wrong(key, "key %q in %s is already given at line %d", key.Value, path, first.key.Line)
			continue
		}
		entries[key.Value] = entry{key, value}
	}
	return entries
}

// unknown reports the keys that are not known.
func (d *decoder) unknown(entries map[string]entry, known []string, path string) {
	for name, e := range entries {
		if !slices.Contains(known, name) {
			meant := nearest.DidYouMean(name, known)
			if meant == "" {
				meant = " (there are: " + strings.Join(slices.Sorted(slices.Values(known)), ", ") + ")"
			}
			d.wrong(e.key, "unknown key %q in %s%s", name, path, meant)
		}
	}
}

// operations reads a list of operations. What is wrong with one is told beside
// what is wrong with the others.
func (d *decoder) operations(node *yaml.Node, in around) ops.Operations {
	if node.Kind != yaml.SequenceNode {
		d.want(node, in.path, "a list of operations")
		return nil
	}
	in.table = nil
	var list ops.Operations
	for _, item := range node.Content {
		d.follow(item, func(item *yaml.Node) {
			if op := d.operation(item, in); op != nil {
				list = append(list, op)
			}
		})
	}
	return list
}

// operation reads {add_column: {…}}; nil where it is wrong.
func (d *decoder) operation(node *yaml.Node, in around) ops.Operation {
	if node.Kind != yaml.MappingNode {
		d.want(node, in.path, "an operation such as add_column: {…}")
		return nil
	}
	before := len(d.problems)
	entries := d.mapping(node, in.path)
	if len(d.problems) > before {
		return nil
	}
	if len(entries) != 1 {
		d.severalKeys(node, entries, in.path)
		return nil
	}
	for key, e := range entries {
		typ, known := d.types.operations[key]
		switch {
		case !known:
			d.wrong(e.key, "unknown operation %q%s", key, nearest.DidYouMean(key, d.operationKeys()))
			return nil
		case typ == goCode():
			d.wrong(e.key, "%s: a Go function has no YAML: register the migration from Go, or write it as run_sql", key)
			return nil
		}
		into := reflect.New(typ).Elem()
		in.at, in.path = e.key, key
		d.value(e.value, into, in)
		if len(d.problems) > before {
			return nil
		}
		op, _ := into.Interface().(ops.Operation)
		d.check(e, op)
		return op
	}
	return nil
}

func (d *decoder) severalKeys(node *yaml.Node, entries map[string]entry, path string) {
	if len(entries) == 0 {
		d.wrong(node, "%s: an operation is empty: write one, such as add_column: {…}", path)
		return
	}
	first, second := node.Content[0], node.Content[2]
	if _, known := d.types.operations[second.Value]; !known {
		d.wrong(second, "%q stands beside %s: what belongs to an operation is indented further than its name", second.Value, first.Value)
		return
	}
	d.wrong(second, "two operations in one entry, %s and %s: begin each with its own dash (-)", first.Value, second.Value)
}

// check is what the operation itself refuses, in the words of YAML.
func (d *decoder) check(e entry, op ops.Operation) {
	if d.unchecked {
		return
	}
	place := ops.PlaceOf(op)
	if _, branches := op.(ops.When); branches && place == (ops.Place{}) {
		place = ops.Place{StorageSet: "none", Target: ops.Local} // it has no operations, which Check says
	}
	if place.StorageSet == "" {
		d.wrong(e.key, "%s: storage_set is missing: name it here or once for the file%s", e.key.Value, d.whichSets())
	}
	if place.Target == "" {
		d.wrong(e.key, "%s: target is missing: write local (nodes that store data) or distributed (query nodes), here or once for the file", e.key.Value)
	}
	if place.StorageSet == "" || place.Target == "" {
		return
	}
	if err := op.Check(); err != nil {
		text := strings.TrimPrefix(err.Error(), ops.Describe(op)+": ")
		d.wrong(e.key, "%s: %s", e.key.Value, d.inWordsOfYAML(text, reflect.TypeOf(op), e.value))
	}
}

func (d *decoder) whichSets() string {
	names := make([]string, len(d.sets))
	for i, set := range d.sets {
		names[i] = string(set)
	}
	if len(names) == 0 {
		return ""
	}
	return " (the group has " + strings.Join(names, ", ") + ")"
}

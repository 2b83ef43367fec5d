package compare

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// written are the texts of an engine's argument by node, made comparable: one
// server has it with macros, another with what they stand for there, and both
// may mean the same.
func written(name Name, holders []Node, of func(*Replica) string) map[string]string {
	raw, macros := map[string]string{}, map[string]map[string]string{}
	for _, node := range holders {
		table := node.Tables[name]
		if table.Replica == nil {
			continue
		}
		raw[node.Name] = of(table.Replica)
		if table.UUID != "" && strings.Trim(table.UUID, "0-") != "" {
			// The server fills in {uuid} when it makes the table.
			raw[node.Name] = strings.ReplaceAll(raw[node.Name], table.UUID, "{uuid}")
		}
		macros[node.Name] = macrosFor(name, node)
	}
	templates := templatesOf(raw)
	out := map[string]string{}
	for node, text := range raw {
		full := expand(text, macros[node])
		at := slices.IndexFunc(templates, func(t string) bool { return expand(t, macros[node]) == full })
		switch {
		case at >= 0:
			out[node] = templates[at]
		case len(slices.Compact(slices.Sorted(maps.Values(raw)))) == 1:
			out[node] = text // all the same, and without macros
		default:
			out[node] = fold(full, macros[node])
		}
	}
	return out
}

// templatesOf lists the texts with macros, the most common first.
func templatesOf(raw map[string]string) []string {
	count := map[string]int{}
	for _, text := range raw {
		if strings.Contains(text, "{") {
			count[text]++
		}
	}
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
}

func macrosFor(name Name, node Node) map[string]string {
	macros := maps.Clone(node.Macros)
	if macros == nil {
		macros = map[string]string{}
	}
	macros["database"], macros["table"] = name.Database, name.Table
	return macros
}

func expand(text string, macros map[string]string) string {
	for _, macro := range slices.Sorted(maps.Keys(macros)) {
		text = strings.ReplaceAll(text, "{"+macro+"}", macros[macro])
	}
	return text
}

// fold puts a node's own macros back where it can be seen that they stood:
// between two slashes, or there between two of - and _.
func fold(text string, macros map[string]string) string {
	segments := strings.Split(text, "/")
	for i, segment := range segments {
		if macro := macroOf(segment, macros); macro != "" {
			segments[i] = macro
			continue
		}
		segments[i] = foldPieces(segment, macros)
	}
	return strings.Join(segments, "/")
}

func foldPieces(segment string, macros map[string]string) string {
	var out strings.Builder
	for {
		end := strings.IndexAny(segment, "-_")
		piece := segment
		if end >= 0 {
			piece = segment[:end]
		}
		out.WriteString(cmp.Or(macroOf(piece, macros), piece))
		if end < 0 {
			return out.String()
		}
		out.WriteByte(segment[end])
		segment = segment[end+1:]
	}
}

// macroOf is the macro that has a value. Macros other than these two, such as
// layer or cluster, are the same on all replicas.
func macroOf(value string, macros map[string]string) string {
	for _, macro := range []string{"shard", "replica"} {
		if value != "" && macros[macro] == value {
			return "{" + macro + "}"
		}
	}
	return ""
}

package danger

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// elements are an enum's names by value. One without a value has the value after
// the last one's, from 1 on.
func (t dataType) elements() map[int]string {
	out := make(map[int]string, len(t.args))
	next := 1
	for _, arg := range t.args {
		name, text, found := cutLast(arg.name, "=")
		if value, err := strconv.Atoi(strings.TrimSpace(text)); found && err == nil {
			next = value
		}
		out[next] = strings.TrimSpace(name)
		next++
	}
	return out
}

// missing lists the names of the values of one enum that another has not.
func missing(from, to dataType) []string {
	have, want := from.elements(), to.elements()
	var gone []string
	for _, value := range sortedValues(have) {
		if _, there := want[value]; !there {
			gone = append(gone, have[value])
		}
	}
	return gone
}

func sortedValues(elements map[int]string) []int { return slices.Sorted(maps.Keys(elements)) }

// cutLast cuts at the last separator that is outside of a name's quotes.
func cutLast(text, sep string) (before, after string, found bool) {
	at := strings.LastIndex(text, sep)
	if at < 0 || at < strings.LastIndexByte(text, '\'') {
		return text, "", false
	}
	return text[:at], text[at+len(sep):], true
}

package yamlfile

import (
	"reflect"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// words are the values of a type that is a text with a few meanings.
type words struct {
	inYAML []string // in the order of their declaration
	inGo   []string // the same
}

// wordsOf are the values of a type, nil if any text is one. Where ClickHouse
// writes all of them in capitals, YAML has them in small letters: target: local,
// kind: materialized. Others, such as engines, are written as they are.
func (t *types) wordsOf(typ reflect.Type) *words {
	if known, ok := t.words[typ]; ok {
		return known
	}
	var w *words
	if typ.PkgPath() == reflect.TypeFor[ops.Target]().PkgPath() {
		if values := t.choices[typ.Name()]; len(values) > 0 {
			w = &words{inGo: values, inYAML: values}
			if !slices.ContainsFunc(values, func(value string) bool { return value != strings.ToUpper(value) }) {
				w.inYAML = make([]string, len(values))
				for i, value := range values {
					w.inYAML[i] = strings.ReplaceAll(strings.ToLower(value), " ", "_")
				}
			}
		}
	}
	t.words[typ] = w
	return w
}

// fromYAML is the Go value of a word.
func (w *words) fromYAML(word string) (string, bool) {
	if at := slices.Index(w.inYAML, word); at >= 0 {
		return w.inGo[at], true
	}
	return "", false
}

// toYAML is the word of a Go value; a value that is none stays as it is.
func (w *words) toYAML(value string) string {
	if at := slices.Index(w.inGo, value); at >= 0 {
		return w.inYAML[at]
	}
	return value
}

// list is the words for a message; where they are too many, where to find them.
func (w *words) list() string {
	const most = 20
	if len(w.inYAML) > most {
		return " (skein schema lists them)"
	}
	return " (" + strings.Join(w.inYAML, ", ") + ")"
}

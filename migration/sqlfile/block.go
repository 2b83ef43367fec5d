package sqlfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/skein-migrate/skein/nearest"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// keys are the storage sets of the group.
type keys []storageset.Key

// blockOptions are those of -- @stmt, in the order of the reference.
func blockOptions() []string { return []string{"target", "scope", "storage_set", "timeout"} }

// option is key=value behind -- @stmt.
type option struct {
	key, value string
	column     int
}

// block reads one block. It is no statement where it has nothing but comments.
func (p *parser) block(text part) (ops.RunBlock, bool) {
	operation := p.options(text.marker)
	sql, offset := ops.TrimBlock(text.text, func(at int, comment string) {
		if strings.HasPrefix(comment, "--") {
			line, column := text.at(at)
			p.misplaced(line, column, comment, false)
		}
	})
	if sql == "" {
		return operation, false
	}
	operation.SQL = sql
	if operation.Target == "" {
		operation.Target = ops.Local
		if operation.Scope == "" && !ops.MarksOnCluster(sql) {
			operation.Scope = ops.RunOneNode
		}
	}
	if operation.StorageSet == "" {
		p.bad(text.marker, 1, "this block has no storage set: write %s storage_set=NAME%s", stmtMarker, p.sets.hint())
	}
	for _, problem := range operation.Problems() {
		line, column := text.at(offset + problem.At)
		p.bad(line, column, "%s", problem.Text)
	}
	return operation, true
}

func (k keys) hint() string {
	if len(k) == 0 {
		return ", or give the group one: storage_sets: [NAME] in skein.yaml"
	}
	return ", one of " + k.String()
}

func (k keys) String() string {
	names := make([]string, len(k))
	for i, key := range k {
		names[i] = string(key)
	}
	return strings.Join(names, ", ")
}

// options reads what stands behind -- @stmt.
func (p *parser) options(line int) ops.RunBlock {
	var operation ops.RunBlock
	seen := map[string]bool{}
	for _, o := range split(p.text[line-1]) {
		switch {
		case !slices.Contains(blockOptions(), o.key):
			p.bad(line, o.column, "unknown option %s of %s%s", o.key, stmtMarker,
				orList(nearest.DidYouMean(strings.ToLower(o.key), blockOptions()), ": there are "+strings.Join(blockOptions(), ", ")))
			continue
		case o.value == "":
			p.bad(line, o.column, "%s has no value: write %s=%s", o.key, o.key, example(o.key))
			continue
		case seen[o.key]:
			p.bad(line, o.column, "%s is there twice: leave one out", o.key)
			continue
		}
		seen[o.key] = true
		if wrong := p.set(&operation, o); wrong != "" {
			p.bad(line, o.column, "%s", wrong)
		}
	}
	if !seen["storage_set"] && len(p.sets) == 1 {
		operation.StorageSet = p.sets[0]
	}
	return operation
}

func example(key string) string {
	return map[string]string{"target": "local", "scope": "every-node", "storage_set": "events", "timeout": "10m"}[key]
}

// split divides -- @stmt key=value key=value.
func split(line string) []option {
	at := strings.Index(line, stmtMarker) + len(stmtMarker)
	var options []option
	for at < len(line) {
		from := at + len(line[at:]) - len(strings.TrimLeftFunc(line[at:], unicode.IsSpace))
		to := len(line)
		if end := strings.IndexFunc(line[from:], unicode.IsSpace); end >= 0 {
			to = from + end
		}
		if from < to {
			key, value, _ := strings.Cut(line[from:to], "=")
			options = append(options, option{key, value, utf8.RuneCountInString(line[:from]) + 1})
		}
		at = to
	}
	return options
}

// set takes an option into an operation, or says what is wrong with it. A wrong
// value still counts as one, so that nothing else is said of its absence.
func (p *parser) set(operation *ops.RunBlock, o option) string {
	switch o.key {
	case "target":
		targets := map[string]ops.Target{"local": ops.Local, "distributed": ops.Distributed}
		operation.Target = targets[o.value]
		if operation.Target == "" {
			operation.Target = ops.Local
			return unknownValue(o, "local", "distributed")
		}
	case "scope":
		scopes := []string{"every-node", "one-per-replica-set", "one-node"}
		operation.Scope = ops.RunScope(strings.ReplaceAll(o.value, "-", "_"))
		if !slices.Contains(scopes, o.value) {
			operation.Scope = ops.RunEveryNode
			return unknownValue(o, scopes...)
		}
	case "storage_set":
		operation.StorageSet = storageset.Key(o.value)
		switch {
		case len(p.sets) > 0 && !slices.Contains(p.sets, operation.StorageSet):
			return fmt.Sprintf("storage set %q is not of this group%s", o.value,
				orList(nearest.DidYouMean(o.value, strings.Split(p.sets.String(), ", ")), ": there are "+p.sets.String()))
		case !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`).MatchString(o.value):
			return fmt.Sprintf("storage_set=%s: use letters, digits, and _ . -", o.value)
		}
	case "timeout":
		if _, err := ops.ParseTimeout(o.value); err != nil {
			return err.Error()
		}
		operation.Timeout = o.value
	}
	return ""
}

func unknownValue(o option, known ...string) string {
	return fmt.Sprintf("unknown %s %q%s", o.key, o.value,
		orList(nearest.DidYouMean(strings.ToLower(o.value), known), ": write "+strings.Join(known, ", ")))
}

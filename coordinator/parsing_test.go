package coordinator

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// grammar is a parser that cannot read what has a word in it.
type grammar struct {
	word  string
	texts []string
	err   error
}

func (g *grammar) Parse(_ context.Context, _ string, texts []string) ([]string, error) {
	g.texts = append(g.texts, texts...)
	out := make([]string, len(texts))
	for i, text := range texts {
		if strings.Contains(text, g.word) {
			out[i] = "Syntax error: failed at position 3"
		}
	}
	return out, g.err
}

func block(sql string) ops.RunBlock {
	return ops.RunBlock{Place: ops.Place{StorageSet: "events", Target: ops.Local}, SQL: sql, Scope: ops.RunEveryNode}
}

// All that would run is parsed before anything of it is sent, and what would take it
// back as well.
func TestNothingRunsThatAServerCannotParse(t *testing.T) {
	first := migration.Migration{ID: "0001", Forward: []ops.Operation{block("SELECT 1")}, Backward: []ops.Operation{block("SELECT 2")}}
	for name, test := range map[string]struct {
		second migration.Migration
		says   string
	}{
		"forward":  {migration.Migration{ID: "0002", Forward: []ops.Operation{block("SELECT 3"), block("SELECT 4; SELECT 5")}, Backward: []ops.Operation{}}, "events/0002 step 2 of 2: Syntax error"},
		"backward": {migration.Migration{ID: "0002", Forward: []ops.Operation{block("SELECT 3")}, Backward: []ops.Operation{block("SELECT 5")}}, "events/0002 backward, statement 1: Syntax error"},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := bench(t, group("events", first, test.second))
			g := &grammar{word: "SELECT 5"}
			c.options.Parser = g
			_, err := c.Migrate(t.Context(), events(false))
			if kind(err) != preflight || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "--no-validate") {
				t.Errorf("%v", err)
			}
			if len(w.sent)+len(w.written) > 0 {
				t.Errorf("it was too late: %v", w.log)
			}
			for _, text := range []string{"SELECT 1", "SELECT 2", "SELECT 3"} {
				if !slices.ContainsFunc(g.texts, func(s string) bool { return strings.Contains(s, text) }) {
					t.Errorf("%q was not parsed: %v", text, g.texts)
				}
			}
			if _, err := c.Plan(t.Context(), events(false)); kind(err) != preflight {
				t.Errorf("the dry run says something else: %v", err)
			}
			request := events(false)
			request.NoValidate, g.texts = true, nil
			if _, err := c.Migrate(t.Context(), request); err != nil || len(g.texts) > 0 {
				t.Errorf("--no-validate: %v, parsed %v", err, g.texts)
			}
		})
	}
}

func TestWhatIsNotParsed(t *testing.T) {
	c, w := bench(t, group("events", makes("0001", blindly("fill"))))
	g := &grammar{word: "RUN GO"}
	c.options.Parser = g
	if _, err := c.Migrate(t.Context(), events(false)); err != nil || len(w.sent) != 1 {
		t.Errorf("a Go function is no SQL: %v", err)
	}
	c, _ = bench(t, group("events", numbered("0001")))
	c.options.Parser = &grammar{word: "nothing", err: errors.New("gone")}
	if _, err := c.Migrate(t.Context(), events(false)); err == nil || !strings.Contains(err.Error(), "parse the statements: gone") {
		t.Errorf("no answer is no yes: %v", err)
	}
	request := events(false)
	request.Fake = true
	if _, err := c.Migrate(t.Context(), request); err != nil {
		t.Errorf("--fake sends nothing: %v", err)
	}
}

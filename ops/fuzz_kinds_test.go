package ops_test

import (
	"encoding/json"
	"testing"

	"github.com/skein-migrate/skein/ops"
)

// FuzzRenderKinds decodes operations of every kind from any text, as a source of
// migrations does, and holds that whatever they hold nothing panics: Check refuses
// it, or it renders for all sorts of nodes, and so does its inverse. That servers
// take what is rendered is tested by integration/conformance.
func FuzzRenderKinds(f *testing.F) {
	for _, op := range operations() {
		if text, err := json.Marshal(ops.Operations{op}); err == nil {
			f.Add(text)
		}
	}
	for kind := range ops.Kinds() {
		f.Add([]byte(`[{"` + kind + `":{}}]`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var list ops.Operations
		if json.Unmarshal(text, &list) != nil {
			t.Skip("no list of operations")
		}
		for _, op := range list {
			renderAnything(t, op)
			inverter, ok := op.(ops.Inverter)
			if !ok {
				continue
			}
			if inverse, err := inverter.Inverse(); err == nil && inverse != nil {
				if refused := inverse.Check(); refused != nil && op.Check() == nil {
					t.Errorf("%s is valid, and its inverse is refused: %v", text, refused)
				}
				renderAnything(t, inverse)
			}
		}
	})
}

func renderAnything(t *testing.T, op ops.Operation) {
	t.Helper()
	if op.Check() != nil {
		return
	}
	_ = ops.Describe(op)
	_ = op.Tables()
	_ = ops.PlaceOf(op)
	for _, at := range environments() {
		statements, err := op.Statements(at.env)
		if err != nil {
			continue
		}
		for _, stmt := range statements {
			if stmt.Call == nil && stmt.SQL("c") == "" || stmt.Summary == "" {
				t.Errorf("%s: for %s a statement without text or summary: %+v", ops.Describe(op), at.name, stmt)
			}
		}
	}
}

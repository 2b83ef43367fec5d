package ops_test

import (
	"testing"

	"github.com/skein-migrate/skein/ops"
)

// all is each kind of operation, in the order of nothing.
func all() []ops.Operation {
	var out []ops.Operation
	for _, op := range operations() {
		out = append(out, op)
	}
	return out
}

// BenchmarkStatements renders each operation that there is a golden for, for a cluster
// of today.
func BenchmarkStatements(b *testing.B) {
	list, env := all(), environments()[1].env
	b.ReportAllocs()
	for b.Loop() {
		for _, op := range list {
			_, _ = op.Statements(env) // that one is refused is an answer too
		}
	}
}

// BenchmarkAddColumn is the one that there are most of.
func BenchmarkAddColumn(b *testing.B) {
	env := environments()[1].env
	op := ops.AddColumn{
		Table:  ops.LocalTable("events", "events_local"),
		Column: ops.Column{Name: "trace_id", Type: "UUID", Expression: "generateUUIDv4()", Comment: "of the request"}, After: "event_id",
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := op.Statements(env); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCanonical is what checksums are made of.
func BenchmarkCanonical(b *testing.B) {
	list := all()
	b.ReportAllocs()
	for b.Loop() {
		for _, op := range list {
			if _, err := ops.Canonical(op); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkInverse derives the ways back.
func BenchmarkInverse(b *testing.B) {
	list := all()
	b.ReportAllocs()
	for b.Loop() {
		for _, op := range list {
			if inverter, is := op.(ops.Inverter); is {
				_, _ = inverter.Inverse() // that there is none is an answer too
			}
		}
	}
}

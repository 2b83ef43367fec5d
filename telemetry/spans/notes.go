package spans

import (
	"net"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"

	"github.com/skein-migrate/skein/journal"
)

// note adds what has no duration of its own to the span that it is about.
func (r *Run) note(event journal.Event) {
	switch e := event.(type) {
	case journal.Waiting:
		r.of(e.Key).AddEvent("waiting", with(attribute.String("skein.reason", e.Reason), attribute.Int64("skein.since_ms", e.Since.Milliseconds())))
	case journal.MutationProgress:
		r.of(e.Key).AddEvent("mutating", with(attribute.String("skein.node", e.Node), attribute.String("skein.table", e.Table),
			attribute.String("skein.mutation_id", e.MutationID), attribute.Int("skein.parts_to_do", e.PartsToDo)))
	case journal.Retrying:
		r.of(e.Key).AddEvent("retrying", with(attribute.StringSlice("skein.nodes", e.Nodes), attribute.String("skein.reason", e.Why)))
	case journal.StepSkipped:
		r.of(e.Key).AddEvent("step skipped", with(attribute.Int("skein.step", e.Step), attribute.String("skein.reason", e.Why)))
	case journal.OperationSkipped:
		r.of(e.Key).AddEvent("operation skipped", with(attribute.String("skein.reason", e.Text)))
	case journal.Decided:
		r.of(e.Key).AddEvent("decided", with(attribute.String("skein.flag", e.Flag), attribute.String("skein.reason", e.Text)))
	case journal.PreflightPassed:
		r.run.AddEvent("preflight passed", with(attribute.StringSlice("skein.clusters", e.Clusters),
			attribute.Int("skein.replicated_tables", e.ReplicatedTables)))
	case journal.Warning:
		r.run.AddEvent("warning", with(attribute.String("skein.text", e.Text)))
	}
}

func ofKey(key journal.Key) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("skein.group", key.Group), attribute.String("skein.migration", key.ID)}
}

func ofStatement(e journal.StatementSent) []attribute.KeyValue {
	return append(ofKey(e.Key), attribute.Int("skein.step", e.Step), semconv.DBSystemNameClickHouse,
		semconv.DBOperationName(operation(e.Summary)), semconv.DBQuerySummary(e.Summary), semconv.DBQueryText(e.Text))
}

func ofNode(name string) []attribute.KeyValue {
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		return []attribute.KeyValue{semconv.ServerAddress(name)}
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return []attribute.KeyValue{semconv.ServerAddress(name)}
	}
	return []attribute.KeyValue{semconv.ServerAddress(host), semconv.ServerPort(number)}
}

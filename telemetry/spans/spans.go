// Package spans renders the events of a run as OpenTelemetry spans: the run, in it
// its migrations, in them their statements, in these the nodes that answered.
// Waits, retries and warnings are span events. It is the only package that knows
// OpenTelemetry.
package spans

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/skein-migrate/skein/journal"
)

// Run is the spans of one run: a journal.Sink. It does not block, and may be used
// by several goroutines.
type Run struct {
	options Options
	tracer  trace.Tracer
	parent  trace.SpanContext
	end     func() error

	mu         sync.Mutex
	run        trace.Span // nil before the run asks for the lock
	migrations map[journal.Key]trace.Span
	statements map[journal.Key]*statement
}

// statement is one that is under way.
type statement struct {
	trace.Span
	began    time.Time
	sent     journal.StatementSent
	answered map[string]bool
}

func newRun(tracer trace.Tracer, o Options) *Run {
	return &Run{
		options: o, tracer: tracer, end: func() error { return nil },
		migrations: map[journal.Key]trace.Span{}, statements: map[journal.Key]*statement{},
	}
}

// Event takes an event.
func (r *Run) Event(event journal.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case journal.LockWaiting:
		r.begin().AddEvent("waiting for the lock", with(attribute.String("skein.holder", e.Holder.RunID)))
	case journal.LockAcquired:
		r.begin().SetAttributes(attribute.Int64("skein.run.epoch", int64(e.Run.Epoch)), attribute.String("skein.applied_by", e.Run.AppliedBy))
	}
	if r.run == nil {
		return // a command that changes nothing is no run
	}
	switch e := event.(type) {
	case journal.MigrationStarted:
		r.started(e)
	case journal.MigrationFinished:
		r.finished(e)
	case journal.MigrationFailed:
		r.failed(e)
	case journal.StatementSent:
		r.sent(e)
	case journal.HostFinished:
		r.answered(e.Key, e.Host)
	case journal.Converged:
		if s := r.statements[e.Key]; s != nil {
			s.End()
			delete(r.statements, e.Key)
		}
	case journal.RunEnded:
		r.ended(e)
	default:
		r.note(event)
	}
}

// Close ends what is still open and sends what there is, for 2 s at most. Its
// error says that spans are lost; the run is none the worse for it.
func (r *Run) Close() error {
	r.mu.Lock()
	r.cut("the run ended")
	if r.run != nil {
		r.run.End()
	}
	r.mu.Unlock()
	return r.end()
}

// begin starts the span of the run, once.
func (r *Run) begin() trace.Span {
	if r.run == nil {
		ctx := trace.ContextWithRemoteSpanContext(context.Background(), r.parent)
		_, r.run = r.tracer.Start(ctx, "skein run", with(ofRun(r.options)...))
	}
	return r.run
}

// child starts a span below another.
func (r *Run) child(of trace.Span, name string, options ...trace.SpanStartOption) trace.Span {
	_, span := r.tracer.Start(trace.ContextWithSpan(context.Background(), of), name, options...)
	return span
}

func (r *Run) started(e journal.MigrationStarted) {
	r.migrations[e.Key] = r.child(r.run, "migration "+e.Key.String(), with(append(ofKey(e.Key),
		attribute.String("skein.direction", string(e.Direction)), attribute.Int("skein.steps", e.Steps))...))
}

func (r *Run) finished(e journal.MigrationFinished) {
	span := r.migrations[e.Key]
	if span == nil { // --fake
		r.run.AddEvent("migration marked", with(append(ofKey(e.Key), attribute.String("skein.status", string(e.Status)))...))
		return
	}
	span.SetAttributes(attribute.String("skein.status", string(e.Status)))
	span.End()
	delete(r.migrations, e.Key)
}

func (r *Run) sent(e journal.StatementSent) {
	attributes := append(ofStatement(e), attribute.Int("skein.nodes", e.Nodes))
	if e.OnCluster != "" {
		attributes = append(attributes, attribute.String("skein.on_cluster", e.OnCluster))
	}
	r.statements[e.Key] = &statement{
		Span: r.child(r.of(e.Key), e.Summary, with(attributes...)), began: time.Now(), sent: e, answered: map[string]bool{},
	}
}

// answered is the span of a node: from the moment the statement was sent.
func (r *Run) answered(key journal.Key, host journal.HostOutcome) {
	s := r.statements[key]
	if s == nil {
		return
	}
	s.answered[host.Node] = true
	attributes := append(ofStatement(s.sent), ofNode(host.Node)...)
	attributes = append(attributes, attribute.String("skein.outcome", string(host.Outcome)),
		attribute.String("skein.query_id_prefix", fmt.Sprintf("skein-%s-%s-%d-%s-", r.options.RunID, key, s.sent.Step, host.Node)))
	span := r.child(s, s.sent.Summary+" on "+host.Node, trace.WithTimestamp(s.began), trace.WithSpanKind(trace.SpanKindClient), with(attributes...))
	if host.Outcome == journal.Failed || host.Outcome == journal.Unknown {
		span.SetStatus(codes.Error, host.Error)
		kind := string(host.Outcome)
		if host.Code != 0 {
			kind = fmt.Sprint(host.Code)
			span.SetAttributes(semconv.DBResponseStatusCode(kind))
		}
		span.SetAttributes(semconv.ErrorTypeKey.String(kind))
	}
	span.End()
}

// failed ends a migration and its statement, with what is known of the nodes that
// gave no answer of their own.
func (r *Run) failed(e journal.MigrationFailed) {
	text := textOf(e.Err)
	if s := r.statements[e.Key]; s != nil {
		for _, host := range e.Hosts {
			if host.Outcome != journal.Skipped && !s.answered[host.Node] {
				r.answered(e.Key, host)
			}
		}
		s.SetStatus(codes.Error, text)
		s.End()
		delete(r.statements, e.Key)
	}
	span := r.migrations[e.Key]
	if span == nil {
		span = r.child(r.run, "migration "+e.Key.String(), with(ofKey(e.Key)...))
	}
	span.SetAttributes(attribute.Int("skein.step", e.Step), attribute.String("skein.status", string(journal.InProgress)))
	span.SetStatus(codes.Error, text)
	span.End()
	delete(r.migrations, e.Key)
}

func (r *Run) ended(e journal.RunEnded) {
	r.cut(string(e.Ending))
	r.run.SetAttributes(attribute.String("skein.ending", string(e.Ending)))
	if e.Err != nil {
		r.run.SetStatus(codes.Error, textOf(e.Err))
	}
}

// cut ends migrations and statements that nothing was said of any more.
func (r *Run) cut(why string) {
	for key, s := range r.statements {
		s.SetStatus(codes.Error, why)
		s.End()
		delete(r.statements, key)
	}
	for key, span := range r.migrations {
		span.SetStatus(codes.Error, why)
		span.End()
		delete(r.migrations, key)
	}
}

// of is the innermost span of a migration that is open.
func (r *Run) of(key journal.Key) trace.Span {
	if s := r.statements[key]; s != nil {
		return s
	}
	if span := r.migrations[key]; span != nil {
		return span
	}
	return r.run
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func with(attributes ...attribute.KeyValue) trace.SpanStartEventOption {
	return trace.WithAttributes(attributes...)
}

// operation is the verb of a statement: the words in capitals that it begins with.
func operation(summary string) string {
	var words []string
	for word := range strings.FieldsSeq(summary) {
		if word != strings.ToUpper(word) || strings.ToLower(word) == word {
			break
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

package spans

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

// flushLimit is how long the end of a run waits for its collector.
const flushLimit = 2 * time.Second

// Options say whose spans they are.
type Options struct {
	RunID   string
	Command string
	Version string // skein's
}

// Wanted says whether the environment names a collector: OTEL_EXPORTER_OTLP_ENDPOINT
// or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, and nothing turns spans off.
func Wanted(environment map[string]string) bool {
	endpoint := environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] + environment["OTEL_EXPORTER_OTLP_ENDPOINT"]
	off := strings.EqualFold(environment["OTEL_SDK_DISABLED"], "true") || environment["OTEL_TRACES_EXPORTER"] == "none"
	return endpoint != "" && !off
}

// New makes the spans of one run and sends them, in the background, to the
// collector that the environment names. Nothing is sent yet, and no collector has
// to be there. What OTEL_… variables say besides (headers, certificates, timeout,
// service name, sampler) is OpenTelemetry's own; TRACEPARENT makes the run part of
// the trace of what started it.
func New(ctx context.Context, environment map[string]string, o Options) (*Run, error) {
	if err := check(environment); err != nil {
		return nil, err
	}
	client, err := otlptracehttp.New(ctx, otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
		// A busy collector is asked again; the end of a run does not wait for a dead one.
		Enabled: true, InitialInterval: 100 * time.Millisecond, MaxInterval: 500 * time.Millisecond, MaxElapsedTime: time.Second,
	}))
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("skein"), semconv.ServiceVersion(o.Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	exporter := &silent{SpanExporter: client}
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(exporter))
	carrier := propagation.MapCarrier{"traceparent": environment["TRACEPARENT"], "tracestate": environment["TRACESTATE"]}
	parent := propagation.TraceContext{}.Extract(ctx, carrier)
	r := newRun(provider.Tracer("github.com/skein-migrate/skein", trace.WithSchemaURL(semconv.SchemaURL)), o)
	r.parent = trace.SpanContextFromContext(parent)
	r.end = func() error {
		// Not ctx: the spans of an interrupted run are those that somebody will look at.
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushLimit)
		defer cancel()
		late := provider.Shutdown(limited)
		if err := exporter.failure(); err != nil || late == nil {
			return err
		}
		return fmt.Errorf("the collector did not take them in %s: %w", flushLimit, late)
	}
	return r, nil
}

// check finds what the exporter would only write to a log of its own.
func check(environment map[string]string) error {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		if environment[name] == "" {
			continue
		}
		endpoint, err := url.Parse(environment[name])
		if err != nil || endpoint.Scheme != "http" && endpoint.Scheme != "https" || endpoint.Host == "" {
			return fmt.Errorf("%s is no URL such as http://collector:4318", name)
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if environment[name] == "grpc" {
			return fmt.Errorf("%s is grpc, and skein speaks http/protobuf (port 4318 of most collectors)", name)
		}
	}
	return nil
}

// silent keeps the first error to itself: OpenTelemetry writes what is returned
// to stderr, in the middle of what skein says there.
type silent struct {
	sdktrace.SpanExporter

	mu    sync.Mutex
	first error
}

// ExportSpans implements sdktrace.SpanExporter.
func (s *silent) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := s.SpanExporter.ExportSpans(ctx, spans)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.first = err
	}
	return nil // it is said at the end: failure
}

func (s *silent) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

func ofRun(o Options) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("skein.run.id", o.RunID), attribute.String("skein.command", o.Command)}
}

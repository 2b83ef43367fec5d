package spans

import (
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/skein-migrate/skein/journal"
)

// received is an OTLP collector that keeps what it gets.
type received struct {
	mu    sync.Mutex
	spans []*otlp.Span
	about map[string]string
}

func (r *received) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	data, err := io.ReadAll(body)
	var export collector.ExportTraceServiceRequest
	if err != nil || request.URL.Path != "/v1/traces" || proto.Unmarshal(data, &export) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range export.ResourceSpans {
		for _, a := range of.Resource.Attributes {
			r.about[a.Key] = a.Value.GetStringValue()
		}
		for _, scope := range of.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
		}
	}
}

func environment(t *testing.T, endpoint string, more ...string) map[string]string {
	t.Helper()
	out := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	for name, value := range out {
		t.Setenv(name, value) // the exporter reads them itself
	}
	if !Wanted(out) {
		t.Fatal("no spans are wanted")
	}
	return out
}

func opened(t *testing.T, env map[string]string) *Run {
	t.Helper()
	r, err := New(t.Context(), env, Options{RunID: "01KA", Command: "migrate", Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// story is a run in which one migration works and another does not.
func story() []journal.Event {
	one, two := journal.Key{Group: "events", ID: "0001"}, journal.Key{Group: "events", ID: "0002"}
	host := func(key journal.Key, node string, outcome journal.Outcome, code int, text string) journal.Event {
		return journal.HostFinished{Key: key, Step: 1, Host: journal.HostOutcome{Node: node, Outcome: outcome, Code: code, Error: text}}
	}
	return []journal.Event{
		journal.LockAcquired{Run: journal.Run{ID: "01KA", Epoch: 17, AppliedBy: "deploy@ci"}},
		journal.MigrationStarted{Key: one, Direction: journal.Forward, Steps: 1},
		journal.StatementSent{Key: one, Step: 1, Of: 1, Summary: "CREATE TABLE t", Text: "CREATE TABLE t (id UInt64)", Nodes: 2, OnCluster: "main"},
		journal.Waiting{Key: one, Step: 1, Reason: "ch-2:9000 unfinished"},
		host(one, "ch-1:9000", journal.Done, 0, ""), host(one, "ch-2:9000", journal.Done, 0, ""),
		journal.Converged{Key: one, Step: 1, Of: 1},
		journal.MigrationFinished{Key: one, Status: journal.Completed},
		journal.MigrationStarted{Key: two, Direction: journal.Forward, Steps: 1},
		journal.StatementSent{Key: two, Step: 1, Of: 1, Summary: "DROP TABLE t", Text: "DROP TABLE t", Nodes: 2},
		host(two, "ch-1:9000", journal.Failed, 60, "no such table"),
		journal.MigrationFailed{Key: two, Step: 1, Of: 1, Err: errors.New("it stopped"), Hosts: []journal.HostOutcome{
			{Node: "ch-1:9000", Outcome: journal.Failed, Code: 60}, {Node: "ch-2:9000", Outcome: journal.Unknown, Error: "no answer"},
		}},
		journal.RunEnded{Ending: journal.EndedFailed, Err: errors.New("it stopped")},
		journal.Warning{Text: "a row is lost"},
	}
}

// tree is the spans as "parent > name [status]", in the order of their names.
func tree(spans []*otlp.Span) []string {
	names := map[string]string{}
	for _, span := range spans {
		names[string(span.SpanId)] = span.Name
	}
	var out []string
	for _, span := range spans {
		line := names[string(span.ParentSpanId)] + " > " + span.Name
		if span.Status.GetCode() == otlp.Status_STATUS_CODE_ERROR {
			line += " [" + span.Status.Message + "]"
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func attributes(t *testing.T, spans []*otlp.Span, name string) map[string]any {
	t.Helper()
	for _, span := range spans {
		if span.Name != name {
			continue
		}
		out := map[string]any{}
		for _, a := range span.Attributes {
			out[a.Key] = a.Value.GetStringValue()
			if a.Value.GetIntValue() != 0 {
				out[a.Key] = a.Value.GetIntValue()
			}
		}
		return out
	}
	t.Fatalf("no span %q in %v", name, tree(spans))
	return nil
}

func TestARunIsATreeOfSpans(t *testing.T) {
	sink := &received{about: map[string]string{}}
	server := httptest.NewServer(sink)
	defer server.Close()
	r := opened(t, environment(t, server.URL,
		"TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=staging"))
	for _, event := range story() {
		r.Event(event)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		" > skein run [it stopped]",
		"CREATE TABLE t > CREATE TABLE t on ch-1:9000",
		"CREATE TABLE t > CREATE TABLE t on ch-2:9000",
		"DROP TABLE t > DROP TABLE t on ch-1:9000 [no such table]",
		"DROP TABLE t > DROP TABLE t on ch-2:9000 [no answer]",
		"migration events/0001 > CREATE TABLE t",
		"migration events/0002 > DROP TABLE t [it stopped]",
		"skein run > migration events/0001",
		"skein run > migration events/0002 [it stopped]",
	}
	if diff := cmp.Diff(want, tree(sink.spans)); diff != "" {
		t.Error(diff)
	}
	wantOf := map[string]any{
		"skein.group": "events", "skein.migration": "0002", "skein.step": int64(1), "skein.outcome": "failed",
		"skein.query_id_prefix": "skein-01KA-events/0002-1-ch-1:9000-",
		"db.system.name":        "clickhouse", "db.operation.name": "DROP TABLE", "db.query.summary": "DROP TABLE t",
		"db.query.text": "DROP TABLE t", "db.response.status_code": "60", "error.type": "60",
		"server.address": "ch-1", "server.port": int64(9000),
	}
	if diff := cmp.Diff(wantOf, attributes(t, sink.spans, "DROP TABLE t on ch-1:9000")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("clickhouse", attributes(t, sink.spans, "CREATE TABLE t")["db.system.name"]); diff != "" {
		t.Error(diff)
	}
	if sink.about["service.name"] != "skein" || sink.about["service.version"] != "1.2.3" || sink.about["deployment.environment.name"] != "staging" {
		t.Errorf("the resource is %v", sink.about)
	}
	for _, span := range sink.spans {
		if len(span.TraceId) == 0 || span.TraceId[0] != 0x0a || span.TraceId[1] != 0xf7 {
			t.Errorf("%s is not of the trace of TRACEPARENT: %x", span.Name, span.TraceId)
		}
		if span.EndTimeUnixNano < span.StartTimeUnixNano {
			t.Errorf("%s ends before it begins", span.Name)
		}
		if span.Name == "CREATE TABLE t" && (len(span.Events) != 1 || span.Events[0].Name != "waiting") {
			t.Errorf("its events are %v", span.Events)
		}
		if span.Name == "skein run" && (len(span.Events) != 1 || span.Events[0].Name != "warning") {
			t.Errorf("the run's events are %v", span.Events)
		}
	}
}

// What was interrupted is there too, with what it was cut off in.
func TestAnOpenSpanIsEnded(t *testing.T) {
	sink := &received{about: map[string]string{}}
	server := httptest.NewServer(sink)
	defer server.Close()
	r := opened(t, environment(t, server.URL))
	for _, event := range story()[:4] {
		r.Event(event)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{" > skein run", "migration events/0001 > CREATE TABLE t [the run ended]", "skein run > migration events/0001 [the run ended]"}
	if diff := cmp.Diff(want, tree(sink.spans)); diff != "" {
		t.Error(diff)
	}
}

// A command that takes no lock is no run: nothing is sent.
func TestACommandThatOnlyLooksHasNoSpan(t *testing.T) {
	sink := &received{about: map[string]string{}}
	server := httptest.NewServer(sink)
	defer server.Close()
	r := opened(t, environment(t, server.URL))
	r.Event(journal.Waiting{Reason: "a node"})
	if err := r.Close(); err != nil || len(sink.spans) != 0 {
		t.Errorf("%v, %d spans", err, len(sink.spans))
	}
}

func TestABadCollectorHoldsUpNoRun(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = dead.Close()
	let := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-let }))
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(func() {
		close(let)
		for _, server := range []*httptest.Server{hanging, refusing, busy} {
			server.Close()
		}
	})
	for name, test := range map[string]struct {
		url   string
		limit time.Duration
		says  string
	}{
		"dead":     {"http://" + dead.Addr().String(), onABusyMachine, "refused"},
		"hanging":  {hanging.URL, flushLimit + onABusyMachine, "did not take them"},
		"refusing": {refusing.URL, onABusyMachine, "401"},
		"busy":     {busy.URL, flushLimit + onABusyMachine, "retry"},
	} {
		t.Run(name, func(t *testing.T) {
			r := opened(t, environment(t, test.url))
			began := time.Now()
			for range 2000 { // more than its queue holds
				for _, event := range story() {
					r.Event(event)
				}
			}
			if took := time.Since(began); took > 4*onABusyMachine {
				t.Errorf("the run took %s", took)
			}
			began = time.Now()
			err := r.Close()
			if took := time.Since(began); took > test.limit {
				t.Errorf("its end took %s", took)
			}
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v does not say %q", err, test.says)
			}
		})
	}
}

func TestWhatTheEnvironmentWants(t *testing.T) {
	for _, test := range []struct {
		env    map[string]string
		wanted bool
		err    string
	}{
		{map[string]string{}, false, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, false, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, false, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "c:4318"}, true, "no URL"},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://%zz"}, true, "no URL"},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, true, "grpc"},
	} {
		if have := Wanted(test.env); have != test.wanted {
			t.Errorf("%v: %v", test.env, have)
		}
		if !test.wanted {
			continue
		}
		if _, err := New(t.Context(), test.env, Options{}); err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%v: %v", test.env, err)
		}
	}
}

func TestOperation(t *testing.T) {
	for summary, want := range map[string]string{
		"CREATE TABLE events_local": "CREATE TABLE", "ALTER TABLE t ADD COLUMN x": "ALTER TABLE", "RUN GO fill": "RUN GO", "": "", "fill": "",
	} {
		if have := operation(summary); have != want {
			t.Errorf("%q: %q, want %q", summary, have, want)
		}
	}
}

// onABusyMachine is what a test gives beside what is waited for.
const onABusyMachine = 5 * time.Second

package progress_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/skein-migrate/skein/docs/schema"
	"github.com/skein-migrate/skein/integration/running"
)

// lines checks JSON lines against the schema, and returns their kinds and run.
func lines(t *testing.T, text string) (kinds []string, run string) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.Events()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("events.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("events.json")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if err := compiled.Validate(event); err != nil {
			t.Errorf("%s\n%v", line, err)
		}
		if event["seq"] != float64(i+1) {
			t.Errorf("line %d has seq %v", i+1, event["seq"])
		}
		kinds, run = append(kinds, event["event"].(string)), event["run"].(string)
	}
	return kinds, run
}

// One run, seen in each of the ways: lines, spans, metrics and the query log.
func TestOneRunInAllItsForms(t *testing.T) {
	c := servers.modern.Cluster(t)
	s := newSession(t, c)
	s.Must(0, "migrate", "--group", "system")
	var mu sync.Mutex
	spans := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(body)
		}
		data, _ := io.ReadAll(body)
		var export collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(data, &export); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, of := range export.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				for _, span := range scope.Spans {
					spans[span.Name]++
				}
			}
		}
	}))
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	dir := t.TempDir()
	jsonl, prom := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "skein.prom")
	s.Must(0, "migrate", "--group", "events", "0001", "--events", jsonl, "--metrics-file", prom)

	text, err := os.ReadFile(jsonl)
	if err != nil {
		t.Fatal(err)
	}
	kinds, run := lines(t, string(text))
	if kinds[0] != "lock_acquired" || !slices.Contains(kinds, "run_ended") {
		t.Errorf("the events are %v", kinds)
	}
	for _, kind := range []string{"migration_started", "statement_sent", "host_finished", "converged", "migration_finished"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("no %s in %v", kind, kinds)
		}
	}
	node := c.Nodes[0].Addr()
	mu.Lock()
	want := map[string]int{"skein run": 1, "migration events/0001_m": 1, "CREATE TABLE m_local": 1, "CREATE TABLE m_local on " + node: 1}
	if diff := cmp.Diff(want, spans); diff != "" {
		t.Errorf("the spans:\n%s", diff)
	}
	mu.Unlock()
	text, err = os.ReadFile(prom)
	if err != nil {
		t.Fatal(err)
	}
	running.Says(t, string(text), `skein_run{result="completed"} 1`, `skein_migrations{result="completed"} 1`,
		`skein_statements{result="converged"} 1`, "skein_nodes_behind 0", `run="`+run+`"`)

	s.query(c.Nodes[0], "SYSTEM FLUSH LOGS")
	rows := s.query(c.Nodes[0], "SELECT query_id, log_comment, query FROM system.query_log WHERE type = 'QueryFinish' "+
		"AND JSONExtractString(log_comment, 'skein_run') = '"+run+"'")
	if len(rows) != 1 {
		t.Fatalf("the query log leads back to the run from %v", rows)
	}
	var comment map[string]any
	if err := json.Unmarshal([]byte(rows[0][1]), &comment); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"skein_run": run, "group": "events", "migration": "0001_m", "step": 1.0}, comment); diff != "" {
		t.Error(diff)
	}
	running.Says(t, rows[0][0], "skein-"+run+"-events/0001_m-1-"+node+"-")
	running.Says(t, rows[0][2], "CREATE TABLE")
}

func TestEventsOnStdoutLeaveItToThem(t *testing.T) {
	s := newSession(t, servers.modern.Cluster(t))
	done := s.Must(0, "migrate", "--group", "events", "0001", "--events", "-")
	lines(t, done.Stdout)
	running.Says(t, done.Stderr, "migrations completed.", "events/0001_m")
	quiet := s.Must(0, "migrate", "--group", "system", "--events=-", "-q")
	running.Says(t, quiet.Stderr, "Nothing to do.")
	kinds, _ := lines(t, quiet.Stdout)
	if kinds[len(kinds)-1] != "run_ended" {
		t.Errorf("%v", kinds)
	}
}

// A full disk costs the lines and not the migration, which has both in the next run.
func TestAFullDiskIsAWarning(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	s := newSession(t, servers.modern.Cluster(t))
	done := s.Must(0, "migrate", "--group", "events", "0001", "--events", "/dev/full", "--metrics-file", "/proc/skein.prom")
	running.Says(t, done.Stdout, "completed.")
	running.Says(t, done.Stderr, "skein: warning: --events /dev/full is not complete: write /dev/full: no space left on device", "skein: warning: --metrics-file: ")
}

// Whoever reads the events may go: that is no reason to stop in a migration.
func TestAReaderThatGoesIsAWarning(t *testing.T) {
	s := newSession(t, servers.modern.Cluster(t))
	reader, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "--config", s.Config, "migrate", "--group", "events", "0001", "--events", "-")
	var stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), asSkein+"=1"), stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("%v\n%s", err, stderr.String())
	}
	running.Says(t, stderr.String(), "2 migrations completed.", "skein: warning: --events - is not complete: write /dev/stdout: broken pipe")
}

// What can be known to be wrong before anything is changed is refused then.
func TestAFolderThatIsNotThereIsRefused(t *testing.T) {
	s := newSession(t, servers.modern.Cluster(t))
	for _, flag := range []string{"--events", "--metrics-file"} {
		running.Says(t, s.Must(2, "migrate", flag, filepath.Join(t.TempDir(), "no", "file")).Stderr, flag, "no")
	}
	running.Says(t, s.Must(0, "list").Stdout, "0 completed")
}

// The file says of a run that stopped that it did, and which nodes are behind.
func TestMetricsOfARunThatStopped(t *testing.T) {
	c := servers.modern.Cluster(t)
	s := newSession(t, c)
	s.filled()
	s.query(c.Nodes[0], "ALTER TABLE m_local ADD COLUMN w String")
	prom := filepath.Join(t.TempDir(), "skein.prom")
	s.Must(0, "migrate", "--group", "events", "0002")
	s.Must(5, "migrate", "--metrics-file", prom)
	text, err := os.ReadFile(prom)
	if err != nil {
		t.Fatal(err)
	}
	running.Says(t, string(text), `skein_run{result="failed"} 1`, `skein_migrations{result="failed"} 1`,
		"skein_nodes_behind 1", `skein_node_behind{node="`+c.Nodes[0].Addr()+`"} 1`)
}

// A collector that hangs, or is not there, is a warning, and costs seconds at most.
func TestADeadCollectorIsAWarning(t *testing.T) {
	s := newSession(t, servers.modern.Cluster(t))
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	running.Says(t, s.Must(0, "migrate", "--group", "events", "0001").Stderr, "skein: warning: OpenTelemetry spans are lost: ")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318")
	running.Says(t, s.Must(0, "migrate", "--group", "system").Stderr, "skein: warning: no OpenTelemetry spans: OTEL_EXPORTER_OTLP_ENDPOINT is no URL")
}

package metrics

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
)

const want = `# HELP skein_run_info The last run: its ID and its command.
# TYPE skein_run_info gauge
skein_run_info{run="01KA",command="migrate -g \"a\\b\""} 1
# HELP skein_run 1 for how the last run ended, 0 for the other ways.
# TYPE skein_run gauge
skein_run{result="completed"} 0
skein_run{result="failed"} 1
skein_run{result="interrupted"} 0
skein_run{result="lost the lock"} 0
skein_run{result="refused"} 0
# HELP skein_run_end_time_seconds When the last run ended, in Unix time.
# TYPE skein_run_end_time_seconds gauge
skein_run_end_time_seconds 1.7953344005e+09
# HELP skein_run_duration_seconds How long the last run took.
# TYPE skein_run_duration_seconds gauge
skein_run_duration_seconds 2.5
# HELP skein_migrations Migrations of the last run by result; failed: left in progress.
# TYPE skein_migrations gauge
skein_migrations{result="completed"} 1
skein_migrations{result="failed"} 1
skein_migrations{result="marked"} 0
skein_migrations{result="reversed"} 0
# HELP skein_statements Statements of the last run by result; converged: confirmed on every node.
# TYPE skein_statements gauge
skein_statements{result="converged"} 1
skein_statements{result="failed"} 1
skein_statements{result="skipped"} 1
# HELP skein_statement_retries How often the last run sent a statement again.
# TYPE skein_statement_retries gauge
skein_statement_retries 2
# HELP skein_nodes_behind Nodes that lack a statement of the last run, or may, those left out among them.
# TYPE skein_nodes_behind gauge
skein_nodes_behind 2
# HELP skein_node_behind 1 for each node that lacks a statement of the last run, or may.
# TYPE skein_node_behind gauge
skein_node_behind{node="ch-2:9000"} 1
skein_node_behind{node="ch-9:9000"} 1
`

func counted() *Run {
	r := New("01KA", `migrate -g "a\b"`, []string{"ch-9:9000"})
	one, two := journal.Key{Group: "g", ID: "1"}, journal.Key{Group: "g", ID: "2"}
	for _, event := range []journal.Event{
		journal.MigrationStarted{Key: one},
		journal.StatementSent{Key: one, Step: 1},
		journal.Converged{Key: one, Step: 1},
		journal.StepSkipped{Key: one, Step: 2},
		journal.MigrationFinished{Key: one, Direction: journal.Forward},
		journal.StatementSent{Key: two, Step: 1},
		journal.Retrying{Key: two},
		journal.Retrying{Key: two},
		journal.MigrationFailed{Key: two, Step: 1, Hosts: []journal.HostOutcome{
			{Node: "ch-1:9000", Outcome: journal.Done}, {Node: "ch-2:9000", Outcome: journal.Unknown},
		}},
		journal.RunEnded{Ending: journal.EndedFailed, Took: 2500 * time.Millisecond},
	} {
		r.Event(event)
	}
	return r
}

func TestText(t *testing.T) {
	have := counted().text(time.UnixMilli(1795334400500))
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Error(diff)
	}
}

// A reader sees the old file or the new one, and nothing is left beside it.
func TestWriteReplacesTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "skein.prom")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close() }()
	if err := counted().Write(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !regexp.MustCompile(`(?m)^skein_nodes_behind 2$`).Match(text) {
		t.Errorf("%s %v", text, err)
	}
	still := make([]byte, 10)
	if n, _ := old.Read(still); string(still[:n]) != "old" {
		t.Errorf("who had the old file open reads %q", still[:n])
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("%v %v", files, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestAFolderThatIsNotThereIsAnError(t *testing.T) {
	err := counted().Write(filepath.Join(t.TempDir(), "no", "skein.prom"))
	if err == nil || !strings.Contains(err.Error(), "no such") {
		t.Errorf("%v", err)
	}
}

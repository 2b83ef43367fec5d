package metrics

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// endings are the values of the label result of skein_run.
func endings() []journal.Ending {
	return []journal.Ending{
		journal.EndedCompleted, journal.EndedFailed, journal.EndedInterrupted, journal.EndedLockLost, journal.EndedRefused,
	}
}

// Write writes the metrics to a file, which is never seen half written: a
// temporary one beside it gets its name.
func (r *Run) Write(file string) (err error) {
	text := r.text(time.Now())
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name()) // what it could not become is no use
		}
	}()
	_, err = temporary.Write(text)
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	// node_exporter is another user.
	if err := os.Chmod(temporary.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}

// text is the exposition format 0.0.4. All are gauges: they are of the last run,
// and begin anew with each.
func (r *Run) text(now time.Time) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	duration := r.duration
	if duration == 0 {
		duration = now.Sub(r.began)
	}
	var w writer
	w.head("skein_run_info", "The last run: its ID and its command.")
	w.value("skein_run_info", 1, "run", r.id, "command", r.command)
	w.head("skein_run", "1 for how the last run ended, 0 for the other ways.")
	for _, ending := range endings() {
		value := 0.0
		if ending == r.ending {
			value = 1
		}
		w.value("skein_run", value, "result", string(ending))
	}
	w.head("skein_run_end_time_seconds", "When the last run ended, in Unix time.")
	w.value("skein_run_end_time_seconds", float64(now.UnixMilli())/1000)
	w.head("skein_run_duration_seconds", "How long the last run took.")
	w.value("skein_run_duration_seconds", duration.Seconds())
	w.head("skein_migrations", "Migrations of the last run by result; failed: left in progress.")
	w.each("skein_migrations", r.migrations)
	w.head("skein_statements", "Statements of the last run by result; converged: confirmed on every node.")
	w.each("skein_statements", r.statements)
	w.head("skein_statement_retries", "How often the last run sent a statement again.")
	w.value("skein_statement_retries", float64(r.retries))
	w.head("skein_nodes_behind", "Nodes that lack a statement of the last run, or may, those left out among them.")
	w.value("skein_nodes_behind", float64(len(r.behind)))
	if len(r.behind) > 0 {
		w.head("skein_node_behind", "1 for each node that lacks a statement of the last run, or may.")
	}
	for _, node := range slices.Sorted(maps.Keys(r.behind)) {
		w.value("skein_node_behind", 1, "node", node)
	}
	return w.Bytes()
}

type writer struct{ bytes.Buffer }

func (w *writer) head(name, help string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

// value writes a sample; labels are names and values in turn.
func (w *writer) value(name string, value float64, labels ...string) {
	w.WriteString(name)
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	for i := 0; i < len(labels); i += 2 {
		before := ","
		if i == 0 {
			before = "{"
		}
		fmt.Fprintf(w, `%s%s="%s"`, before, labels[i], escape.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		w.WriteByte('}')
	}
	fmt.Fprintf(w, " %v\n", value)
}

func (w *writer) each(name string, values map[string]int) {
	for _, result := range slices.Sorted(maps.Keys(values)) {
		w.value(name, float64(values[result]), "result", result)
	}
}

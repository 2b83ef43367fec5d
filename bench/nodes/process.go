package nodes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/bench/nodes/work"
)

// sample is one run of one task.
type sample struct {
	took    time.Duration // from the start of the process to its end
	cpu     time.Duration // user and system
	memory  int64         // the most that was resident, in bytes
	answers int           // of the servers
	// statement is from the first look at the nodes to the last, of the one statement.
	statement time.Duration
	output    string
}

// build makes skein as it is measured.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "skein")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/skein-migrate/skein/bench/nodes/skein")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build skein: %w\n%s", err, bytes.TrimSpace(out))
	}
	return binary, nil
}

func (t task) run(ctx context.Context, binary, file, profile string) (sample, error) {
	args := append([]string{"--config", file}, t.args...)
	if t.args[0] == "discover" {
		args = append(t.args, file)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	memory := file + ".memory"
	cmd.Env = append(os.Environ(), work.MemoryVariable+"="+memory)
	if profile != "" {
		cmd.Env = append(cmd.Env, work.ProfileVariable+"="+profile+".cpu", work.HeapVariable+"="+profile+".allocs")
	}
	events := file + ".events"
	if slices.Contains(t.args, "migrate") {
		if err := os.RemoveAll(events); err != nil {
			return sample{}, err
		}
		cmd.Args = append(cmd.Args, "--events", events)
	}
	began := time.Now()
	out, err := cmd.CombinedOutput()
	s := sample{took: time.Since(began), output: string(out)}
	if err != nil {
		return s, fmt.Errorf("%s: %w\n%s", t.name, err, bytes.TrimSpace(out))
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	text, err := os.ReadFile(memory)
	if err == nil {
		s.memory, err = strconv.ParseInt(string(text), 10, 64)
	}
	if err != nil {
		return s, fmt.Errorf("%s: memory of skein: %w", t.name, err)
	}
	if slices.Contains(t.args, "migrate") {
		s.statement, err = statement(events)
	}
	return s, err
}

// statement reads how long the statement of a run took, as the run's events have it.
func statement(file string) (time.Duration, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		var event struct {
			Event  string `json:"event"`
			TookMS int64  `json:"took_ms"`
		}
		if err := json.Unmarshal(line, &event); err != nil {
			return 0, fmt.Errorf("read the events of skein: %w", err)
		}
		if event.Event == "converged" {
			return time.Duration(event.TookMS) * time.Millisecond, nil
		}
	}
	return 0, errors.New("the events of skein have no converged statement")
}

// middle is the median of the times, with the most memory that was seen.
func middle(samples []sample) sample {
	slices.SortFunc(samples, func(a, b sample) int { return int(a.took - b.took) })
	out := samples[len(samples)/2]
	for _, s := range samples {
		out.memory = max(out.memory, s.memory)
	}
	return out
}

// note is what is said beside a time.
func (s sample) note() string {
	return strings.TrimSpace(fmt.Sprintf("CPU of skein %.2f s, %d answers", s.cpu.Seconds(), s.answers))
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
)

// report is results.json. What was measured before, and is not measured now, stays.
type report struct {
	Measurements []outcome `json:"measurements"`
}

// outcome is one measurement, measured.
type outcome struct {
	Name    string   `json:"name"`
	What    string   `json:"what"`
	When    string   `json:"when"`
	Commit  string   `json:"commit"`
	Machine string   `json:"machine"`
	Error   string   `json:"error,omitempty"`
	Figures []figure `json:"figures"`
}

type figure struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Target  float64 `json:"target,omitempty"` // the highest that is good enough
	Verdict string  `json:"verdict,omitempty"`
	Note    string  `json:"note,omitempty"`
}

const (
	reached    = "reached"
	notReached = "NOT REACHED"
)

// outcomeOf measures.
func outcomeOf(ctx context.Context, m measure.Measurement) outcome {
	o := outcome{
		Name: m.Name, What: m.What, When: time.Now().UTC().Format(time.RFC3339), Commit: commit(ctx), Machine: machine(),
		Figures: []figure{},
	}
	figures, err := m.Run(ctx)
	if err != nil {
		o.Error = clipped(err.Error())
	}
	for _, f := range figures {
		have := figure{Name: f.Name, Value: f.Value, Unit: f.Unit, Target: f.Target, Note: f.Note}
		switch {
		case f.Target == 0:
		case f.Reached():
			have.Verdict = reached
		default:
			have.Verdict = notReached
		}
		o.Figures = append(o.Figures, have)
	}
	return o
}

// commit is what was measured, with a + where there are changes that are not committed,
// other than results.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	text := strings.TrimSpace(string(out))
	changes, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", ":/", ":(top,exclude)bench/results").Output()
	if err != nil || len(changes) > 0 {
		text += "+"
	}
	return text
}

// machine says how many cores there are, and how many would have been busy without us.
func machine() string {
	text := fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		text += ", load before " + strings.Fields(string(load))[0]
	}
	return text
}

// readReport reads what an earlier run wrote, if one did.
func readReport(path string) (*report, error) {
	r := &report{}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil {
		return nil, fmt.Errorf("read the results of an earlier run: %w", err)
	}
	return r, nil
}

// put replaces the outcome of that name, or adds it.
func (r *report) put(o outcome) {
	at := slices.IndexFunc(r.Measurements, func(have outcome) bool { return have.Name == o.Name })
	if at < 0 {
		r.Measurements = append(r.Measurements, o)
		return
	}
	r.Measurements[at] = o
}

// only is the part of the report that has those names.
func (r *report) only(names []string) *report {
	part := &report{}
	for _, o := range r.Measurements {
		if slices.Contains(names, o.Name) {
			part.Measurements = append(part.Measurements, o)
		}
	}
	return part
}

// write writes PATH.json and PATH.txt.
func (r *report) write(path string) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	if err := os.WriteFile(path+".json", text.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(path+".txt", []byte(r.table()), 0o644)
}

// table is the report as text.
func (r *report) table() string {
	var b strings.Builder
	for i, o := range r.Measurements {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s: %s\n  %s, commit %s; %s\n", o.Name, o.What, o.When, o.Commit, o.Machine)
		if o.Error != "" {
			fmt.Fprintf(&b, "  NOT MEASURED to the end: %s\n", firstLine(o.Error))
		}
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
		for _, f := range o.Figures {
			target := ""
			if f.Target != 0 {
				target = "<= " + number(f.Target)
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t\n", padded(f.Name), number(f.Value), f.Unit, target, f.Verdict)
		}
		_ = w.Flush() // into memory
		for _, f := range o.Figures {
			if f.Note != "" {
				fmt.Fprintf(&b, "    %s: %s\n", f.Name, f.Note)
			}
		}
	}
	return b.String()
}

// padded makes names of one width: the table's other columns are aligned to the right.
func padded(name string) string {
	const width = 44
	return fmt.Sprintf("%-*s", width, name)
}

func number(value float64) string {
	switch {
	case value == float64(int64(value)):
		return fmt.Sprintf("%.0f", value)
	case value >= 100:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.2f", value)
}

// clipped keeps the results readable: a program that fails may print megabytes.
func clipped(text string) string {
	const longest = 4000
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

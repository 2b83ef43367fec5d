package faults

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// document has the table.
const document = "../../docs/reliability.md"

// line is one line of the matrix: a fault, the moments at which it was made to
// happen, and the way out.
type line struct {
	Case  int // as the issue numbers them
	Fault string
	// Moments says when, and Runs how often: at so many moments, or in so many rounds.
	Moments string
	Runs    int
	Place   string // "2×2, ddl on_cluster"
	Way     string // "resume"
	took    time.Duration
}

func (l line) key() string { return fmt.Sprint(l.Case, l.Fault, l.Moments, l.Place, l.Way) }

// matrix is what has been proven in this run.
var matrix = struct {
	sync.Mutex
	lines []line
}{}

// proven adds a line and prints it. To be called at the end of a case that has
// not failed; one that has is said by the test itself.
func proven(t *testing.T, l line) {
	t.Helper()
	if t.Failed() {
		fmt.Printf("FAILED  %s\n", l)
		return
	}
	fmt.Printf("ok      %s\n", l)
	matrix.Lock()
	defer matrix.Unlock()
	matrix.lines = append(matrix.lines, l)
}

func (l line) String() string {
	return fmt.Sprintf("case %d  %-52s %-44s %-22s %-20s %4d runs %6.1f s", l.Case, l.Fault, l.Moments, l.Place, l.Way, l.Runs, l.took.Seconds())
}

// row is the line in the document.
func (l line) row() string {
	return fmt.Sprintf("| %d | %s | %s | %s | %s | %d |", l.Case, l.Fault, l.Moments, l.Place, l.Way, l.Runs)
}

// checkDocument compares what this run has proven with the table that
// docs/reliability.md shows, or writes that table anew. complete says that every
// case ran. Fewer runs than the table has are a failure: a case that shrinks
// proves less than it is said to.
func checkDocument(complete bool) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	matrix.Lock()
	defer matrix.Unlock()
	lines := slices.Clone(matrix.lines)
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.key(), b.key())) })
	if *update {
		return writeDocument(string(text), lines, complete)
	}
	documented := map[string]int{}
	for _, l := range documentedLines(string(text)) {
		documented[l.key()] = l.Runs
	}
	var wrong []string
	seen := map[string]bool{}
	for _, l := range lines {
		seen[l.key()] = true
		switch runs, there := documented[l.key()]; {
		case !there:
			wrong = append(wrong, "not in the table: "+l.row())
		case l.Runs < runs:
			wrong = append(wrong, fmt.Sprintf("%d runs, and the table has %d: %s", l.Runs, runs, l.row()))
		}
	}
	for _, l := range documentedLines(string(text)) {
		if complete && !seen[l.key()] {
			wrong = append(wrong, "in the table, and did not run: "+l.row())
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("docs/reliability.md is not true (make faults FAULTSFLAGS=-update writes it):\n%s", strings.Join(wrong, "\n"))
	}
	return nil
}

// The table is between these lines.
const (
	begins = "<!-- the matrix: written by make faults -->\n"
	ends   = "<!-- end of the matrix -->\n"
)

func writeDocument(text string, lines []line, complete bool) error {
	head, rest, ok := strings.Cut(text, begins)
	_, tail, ok2 := strings.Cut(rest, ends)
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the lines that the table is between", document)
	}
	if !complete { // those that did not run stay
		ran := map[string]bool{}
		for _, l := range lines {
			ran[l.key()] = true
		}
		for _, l := range documentedLines(text) {
			if !ran[l.key()] {
				lines = append(lines, l)
			}
		}
		slices.SortStableFunc(lines, func(a, b line) int { return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.key(), b.key())) })
	}
	var b strings.Builder
	b.WriteString("| case | fault | moments | servers | way out | runs |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, l := range lines {
		b.WriteString(l.row() + "\n")
	}
	return os.WriteFile(document, []byte(head+begins+b.String()+ends+tail), 0o600)
}

func documentedLines(text string) []line {
	var out []line
	row := regexp.MustCompile(`(?m)^\| (\d+) \| (.*) \| (.*) \| (.*) \| (.*) \| (\d+) \|$`)
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		number, _ := strconv.Atoi(m[1]) // the expression takes digits alone
		runs, _ := strconv.Atoi(m[6])
		out = append(out, line{Case: number, Fault: m[2], Moments: m[3], Place: m[4], Way: m[5], Runs: runs})
	}
	return out
}

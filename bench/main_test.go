package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/rig"
	"github.com/skein-migrate/skein/integration/testcluster"
)

func TestMain(m *testing.M) {
	if role, is := roles()[os.Args[0]]; is {
		if err := role(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(testcluster.Main(m))
}

// Each measurement runs, with few of everything, and comes to figures that have targets.
func TestEachMeasurementRuns(t *testing.T) {
	if os.Getenv("SKEIN_INTEGRATION") != "1" {
		t.Skip("SKEIN_INTEGRATION is not 1")
	}
	var log bytes.Buffer
	sizes := rig.Sizes{Runs: 1, Starts: 2, Migrations: 3, Applied: 3, Statements: 2, Columns: 3, Planned: 100, Groups: 5, Nodes: []int{4, 10}}
	r, err := rig.New(sizes, t.TempDir(), &log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, m := range measurements(r) {
		t.Run(m.Name, func(t *testing.T) {
			log.Reset()
			figures, err := m.Run(t.Context())
			if err != nil {
				t.Fatalf("%v\n%s", err, log.String())
			}
			if !slices.ContainsFunc(figures, func(f measure.Figure) bool { return f.Target != 0 }) {
				t.Error("no figure has a target")
			}
			for _, f := range figures {
				if f.Value <= 0 {
					t.Errorf("%s is %v", f.Name, f.Value)
				}
			}
			t.Log((&report{[]outcome{outcomeOf(t.Context(), measure.Measurement{
				Name: m.Name, Run: func(context.Context) ([]measure.Figure, error) { return figures, nil },
			})}}).table())
		})
	}
}

// What is not reached is said, and so is what could not be measured.
func TestTable(t *testing.T) {
	o := outcomeOf(t.Context(), measure.Measurement{Name: "some", What: "what is done", Run: func(context.Context) ([]measure.Figure, error) {
		return []measure.Figure{
			{Name: "good", Value: 0.9, Unit: "×", Target: 0.9},
			{Name: "bad", Value: 1234.5, Unit: "ms", Target: 100, Note: "5 runs"},
			{Name: "told", Value: 12.25, Unit: "MB"},
		}, errors.New("no server\nand more of it")
	}})
	o.When, o.Commit, o.Machine = "then", "abc", "here"
	want := `some: what is done
  then, commit abc; here
  NOT MEASURED to the end: no server
    good                                          0.90   ×  <= 0.90      reached
    bad                                           1234  ms   <= 100  NOT REACHED
    told                                          12.2  MB
    bad: 5 runs
`
	var lines []string
	for line := range strings.Lines((&report{[]outcome{o}}).table()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	if diff := cmp.Diff(want, strings.Join(lines, "\n")+"\n"); diff != "" {
		t.Errorf("the table (-want +got):\n%s", diff)
	}
}

// One that is measured again replaces what was measured before, and no other.
func TestResultsOfEarlierRunsStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results")
	r, err := readReport(path + ".json")
	if err != nil {
		t.Fatal(err)
	}
	r.put(outcome{Name: "a", Commit: "1"})
	r.put(outcome{Name: "b", Commit: "1"})
	if err := r.write(path); err != nil {
		t.Fatal(err)
	}
	if r, err = readReport(path + ".json"); err != nil {
		t.Fatal(err)
	}
	r.put(outcome{Name: "b", Commit: "2"})
	want := []outcome{{Name: "a", Commit: "1"}, {Name: "b", Commit: "2"}}
	if diff := cmp.Diff(want, r.Measurements); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1:], r.only([]string{"b"}).Measurements); diff != "" {
		t.Errorf("only b (-want +got):\n%s", diff)
	}
}

func TestChoose(t *testing.T) {
	all := []measure.Measurement{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	for only, want := range map[string]string{"": "a b c", "c,a": "a c", "b": "b"} {
		chosen, err := choose(all, only)
		var names []string
		for _, m := range chosen {
			names = append(names, m.Name)
		}
		if err != nil || strings.Join(names, " ") != want {
			t.Errorf("-only %q: %v, %v; want %s", only, names, err, want)
		}
	}
	if _, err := choose(all, "a,d"); err == nil {
		t.Error("-only of a name that is not there is taken")
	}
}

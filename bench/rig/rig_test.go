package rig

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/bench/measure"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		times Times
		want  time.Duration
	}{{nil, 0}, {Times{3}, 3}, {Times{9, 1, 5}, 5}, {Times{8, 2, 4, 6}, 5}} {
		before := append(Times(nil), test.times...)
		if got := test.times.Median(); got != test.want {
			t.Errorf("the median of %v is %d, want %d", test.times, got, test.want)
		}
		if diff := cmp.Diff(before, test.times); diff != "" {
			t.Errorf("Median changes the times:\n%s", diff)
		}
	}
}

// Each side is prepared and run as often as asked for, and each round begins with another.
func TestInterleave(t *testing.T) {
	var order []string
	side := func(name string) Side {
		return Side{
			Name: name, Before: func(context.Context) error { order = append(order, "clean"); return nil },
			Run: func(context.Context) (time.Duration, error) {
				order = append(order, name)
				return time.Duration(len(order)), nil
			},
		}
	}
	r := &Rig{Sizes: Sizes{Runs: 3}, Log: io.Discard}
	times, err := r.Interleave(t.Context(), side("a"), side("b"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "clean a clean b clean b clean a clean a clean b"; strings.Join(order, " ") != want {
		t.Errorf("order %v, want %s", order, want)
	}
	if diff := cmp.Diff(map[string]Times{"a": {2, 8, 10}, "b": {4, 6, 12}}, times); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

func TestFigures(t *testing.T) {
	got := []measure.Figure{
		Took("one", Times{2 * time.Millisecond, 4 * time.Millisecond}, 3*time.Millisecond),
		Ratio("two", Times{time.Second}, Times{4 * time.Second}, 0.2),
	}
	want := []measure.Figure{
		{Name: "one", Value: 3, Unit: "ms", Target: 3, Note: "2 runs, 2ms to 4ms"},
		{Name: "two", Value: 0.25, Unit: "×", Target: 0.2, Note: "1000 ms of 4000 ms"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !AllReached(got[:1]) || AllReached(got) || !AllReached([]measure.Figure{{Value: 7}}) {
		t.Error("AllReached")
	}
}

// What is measured is built as what is released.
func TestFlagsAreThoseOfTheRelease(t *testing.T) {
	script, err := os.ReadFile("../../scripts/release.sh")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(script), `"$go" build `)
	line, _, _ = strings.Cut(line, ` -o "$file"`)
	var want []string
	for i, flag := range releaseFlags() {
		if i == len(releaseFlags())-1 {
			flag = `"` + flag + `"`
		}
		want = append(want, flag)
	}
	if got := strings.Replace(line, " -buildvcs=true", "", 1); got != strings.Join(want, " ") {
		t.Errorf("scripts/release.sh builds with %q, this with %q", got, strings.Join(want, " "))
	}
}

func TestNothingOfSkeinsIsInherited(t *testing.T) {
	if diff := cmp.Diff([]string{"HOME=/h", "X=SKEIN_"}, withoutSkeins([]string{"HOME=/h", "SKEIN_ENV=a", "X=SKEIN_"})); diff != "" {
		t.Error(diff)
	}
}

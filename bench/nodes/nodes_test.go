package nodes_test

import (
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/bench/nodes"
)

// All that is measured runs on ten nodes, and skein asks nothing that was not recorded.
func TestTenNodes(t *testing.T) {
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(asSkein, "1")
	figures, err := nodes.Run(t.Context(), nodes.Options{Sizes: []int{10}, Rounds: 1, Binary: binary})
	if err != nil {
		t.Fatal(err)
	}
	if len(figures) != 9 {
		t.Errorf("%d figures, want time and memory of four tasks, and the statement", len(figures))
	}
	for _, f := range figures {
		t.Logf("%-40s %8.2f %s  %s", f.Name, f.Value, f.Unit, f.Note)
		if f.Value <= 0 || strings.HasSuffix(f.Name, "memory") != (f.Unit == "MB") {
			t.Errorf("%+v", f)
		}
	}
}

var (
	sizesFlag    = flag.String("sizes", "", "measure clusters of these sizes, such as 10,100,1000")
	roundsFlag   = flag.Int("rounds", 3, "measure each so many times")
	profilesFlag = flag.String("profiles", "", "write profiles of the largest size into this directory")
)

// The measurement by itself, without bench's program around it, with profiles if asked for:
//
//	go test ./bench/nodes -run Measurement -v -sizes 10,100,1000 -profiles DIR
func TestMeasurement(t *testing.T) {
	if *sizesFlag == "" {
		t.Skip("-sizes says what to measure")
	}
	options := nodes.Options{Rounds: *roundsFlag, Profiles: *profilesFlag}
	for size := range strings.SplitSeq(*sizesFlag, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			t.Fatal(err)
		}
		options.Sizes = append(options.Sizes, n)
	}
	figures, err := nodes.Run(t.Context(), options)
	for _, f := range figures {
		t.Logf("%-68s %8.2f %-2s  %s", f.Name, f.Value, f.Unit, f.Note)
	}
	if err != nil {
		t.Fatal(err)
	}
}

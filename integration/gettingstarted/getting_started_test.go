// Package gettingstarted_test does what docs/getting-started.md says, in an empty
// folder, against one node of ClickHouse 26.7, and compares what is printed.
package gettingstarted_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/testcluster"
)

const page = "../../docs/getting-started.md"

var update = flag.Bool("update", false, "write what is printed into docs/getting-started.md")

var server = testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1}}

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m, &server)) }

// A block of the page is a file to write, where a comment above it names one, or
// commands behind "$ " with what they print.
var block = regexp.MustCompile("(?ms)^(?:<!-- file: (\\S+) -->\n)?```\\w*\n(.*?)^```\n")

func TestEveryCommandOfThePage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	commands := 0
	written := block.ReplaceAllFunc(text, func(whole []byte) []byte {
		found := block.FindSubmatch(whole)
		file, body := string(found[1]), string(found[2])
		switch {
		case file != "":
			r.writes(file, body)
		case strings.HasPrefix(body, "$ "):
			var out strings.Builder
			for _, command := range commandsOf(body) {
				commands++
				out.WriteString("$ " + command + "\n" + r.runs(command))
			}
			return bytes.Replace(whole, found[2], []byte(out.String()), 1)
		}
		return whole
	})
	if commands < 10 {
		t.Errorf("%d commands were found in %s", commands, page)
	}
	if bytes.Equal(text, written) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what is printed: -update writes it (-page +printed)\n%s", page, cmp.Diff(string(text), string(written)))
	}
	if err := os.WriteFile(page, written, 0o644); err != nil {
		t.Fatal(err)
	}
}

func commandsOf(body string) []string {
	var out []string
	for line := range strings.Lines(body) {
		if command, is := strings.CutPrefix(line, "$ "); is {
			out = append(out, strings.TrimSuffix(command, "\n"))
		}
	}
	return out
}

// reader is somebody with a shell, a skein, and a server at localhost:9000.
type reader struct {
	t        *testing.T
	node     *testcluster.Cluster
	programs string // in PATH
	dir      string // where the shell is
	runIDs   map[string]string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{t: t, node: server.Cluster(t), programs: t.TempDir(), dir: t.TempDir(), runIDs: map[string]string{}}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(r.programs, "skein"), "../../cmd/skein")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return r
}

func (r *reader) writes(file, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, file), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
	r.adapt()
}

// runs answers what a terminal would show, which is the same each time.
func (r *reader) runs(command string) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	where := filepath.Join(r.programs, "pwd")
	shell := exec.CommandContext(ctx, "sh", "-c", command+"\ncode=$?; pwd > '"+where+"'; exit $code")
	shell.Dir = r.dir
	shell.Env = append(os.Environ(), "PATH="+r.programs+":"+os.Getenv("PATH"))
	out, err := shell.CombinedOutput()
	if err != nil {
		r.t.Fatalf("$ %s\n%s%v", command, out, err)
	}
	dir, err := os.ReadFile(where)
	if err != nil {
		r.t.Fatal(err)
	}
	r.dir = strings.TrimSpace(string(dir))
	r.adapt()
	return r.same(string(out))
}

// adapt makes skein.yaml reach the test's server, which has another port, and where
// databases of their own are for tests.
func (r *reader) adapt() {
	r.t.Helper()
	file := filepath.Join(r.dir, "skein.yaml")
	text, err := os.ReadFile(file)
	if err != nil || bytes.Contains(text, []byte("address_map")) {
		return
	}
	n := r.node.Nodes[0]
	text = bytes.Replace(text, []byte("    single_node: true\n"), fmt.Appendf(nil, "%s    single_node: true\n", r.mapping(n)), 1)
	text = bytes.Replace(text, []byte("    database: default\n"), []byte("    database: "+r.node.Database+"\n"), 1)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reader) mapping(n *testcluster.Node) string {
	return fmt.Sprintf("    address_map: {\"localhost:9000\": %q}\n", n.Addr())
}

// same replaces what is not the same in two runs.
func (r *reader) same(out string) string {
	r.t.Helper()
	out = strings.ReplaceAll(out, r.mapping(r.node.Nodes[0]), "")
	out = strings.ReplaceAll(out, "database: "+r.node.Database, "database: default")
	out = strings.ReplaceAll(out, "`"+r.node.Database+"`.", "`default`.")
	out = regexp.MustCompile(`\b01[0-9A-Z]{24}\b`).ReplaceAllStringFunc(out, func(id string) string {
		if r.runIDs[id] == "" {
			r.runIDs[id] = fmt.Sprintf("01KAF5B0Q8Z6V1W3X5Y7T9R2%02d", len(r.runIDs)+1)
		}
		return r.runIDs[id]
	})
	out = regexp.MustCompile(`\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b`).ReplaceAllString(out, "2026-11-21 10:15:00")
	out = regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`).ReplaceAllString(out, "10:15:00")
	out = regexp.MustCompile(`\b\d+\.\d\ds\b`).ReplaceAllString(out, "0.05s")
	host, err := os.Hostname()
	if err != nil {
		r.t.Fatal(err)
	}
	who, err := user.Current()
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.ReplaceAll(out, who.Username+"@"+host, "you@laptop")
}

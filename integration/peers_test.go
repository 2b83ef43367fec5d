package integration

import (
	"context"
	"os"
	osexec "os/exec"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/peertool"
)

// peer is another migration tool, built from its own sources.
type peer struct{ peertool.Tool }

func goose() peer { return peer{peertool.Goose()} }

func golangMigrate() peer { return peer{peertool.GolangMigrate()} }

// built is the program. Where the module proxy cannot be reached the test is skipped,
// unless SKEIN_INTEGRATION is 1.
func (p peer) built(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	path, err := p.Build(ctx)
	switch {
	case err != nil && os.Getenv("SKEIN_INTEGRATION") != "1":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return path
}

// run runs the program, which has to succeed.
func (p peer) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.try(t, args...)
	if err != nil {
		t.Fatalf("%s: %v", p.Name, err)
	}
	return out
}

func (p peer) try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	program := p.built(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := osexec.CommandContext(ctx, program, args...).CombinedOutput()
	t.Logf("$ %s %s\n%s", p.Name, strings.Join(args, " "), out)
	return string(out), err
}

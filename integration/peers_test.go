package integration

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// peer is another migration tool, built from its own sources: integration/peers
// is a module of its own, so that its drivers do not come into ours.
type peer struct{ name, pkg, tags string }

func goose() peer {
	return peer{
		"goose", "github.com/pressly/goose/v3/cmd/goose",
		// Its drivers for everything but ClickHouse.
		"no_duckdb,no_libsql,no_mssql,no_mysql,no_postgres,no_redshift,no_spanner,no_sqlite3,no_starrocks,no_tidb,no_turso,no_vertica,no_ydb",
	}
}

func golangMigrate() peer {
	return peer{"migrate", "github.com/golang-migrate/migrate/v4/cmd/migrate", "clickhouse"}
}

// built is the program, built once for each version of it and kept in the user's
// cache. Where the module proxy cannot be reached the test is skipped, unless
// SKEIN_INTEGRATION is 1.
func (p peer) built(t *testing.T) string {
	t.Helper()
	module, err := filepath.Abs("peers")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256([]byte(runtime.Version() + p.pkg + p.tags + string(sum)))
	path := filepath.Join(cache, "skein", "peers", fmt.Sprintf("%s-%x", p.name, key[:8]))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	build := osexec.CommandContext(ctx, "go", "build", "-mod=readonly", "-tags", p.tags, "-o", tmp, p.pkg)
	build.Dir, build.Env = module, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("SKEIN_INTEGRATION") != "1" {
			t.Skipf("%s cannot be built, is the Go module proxy reached? %v\n%s", p.name, err, out)
		}
		t.Fatalf("build %s: %v\n%s", p.name, err, out)
	}
	if err := os.Rename(tmp, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs the program, which has to succeed.
func (p peer) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.try(t, args...)
	if err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	return out
}

func (p peer) try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	program := p.built(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := osexec.CommandContext(ctx, program, args...).CombinedOutput()
	t.Logf("$ %s %s\n%s", p.name, strings.Join(args, " "), out)
	return string(out), err
}

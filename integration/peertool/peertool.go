// Package peertool builds other migration tools from their own sources, with the
// module integration/peers, so that their drivers do not come into ours.
package peertool

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Tool is another migration tool.
type Tool struct{ Name, Package, Tags string }

// Goose is github.com/pressly/goose, without its drivers for everything but ClickHouse.
func Goose() Tool {
	return Tool{
		"goose", "github.com/pressly/goose/v3/cmd/goose",
		"no_duckdb,no_libsql,no_mssql,no_mysql,no_postgres,no_redshift,no_spanner,no_sqlite3,no_starrocks,no_tidb,no_turso,no_vertica,no_ydb",
	}
}

// GolangMigrate is github.com/golang-migrate/migrate with the driver for ClickHouse.
func GolangMigrate() Tool {
	return Tool{"migrate", "github.com/golang-migrate/migrate/v4/cmd/migrate", "clickhouse"}
}

// Build returns the path of the program, which is built once for each version of it
// and kept in the user's cache. It has to be called below the root of this module, and
// fails where the module proxy cannot be reached.
func (t Tool) Build(ctx context.Context) (string, error) {
	root, err := Root(ctx)
	if err != nil {
		return "", err
	}
	module := filepath.Join(root, "integration", "peers")
	sum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	key := sha256.Sum256([]byte(runtime.Version() + t.Package + t.Tags + string(sum)))
	path := filepath.Join(cache, "skein", "peers", fmt.Sprintf("%s-%x", t.Name, key[:8]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	build := exec.CommandContext(ctx, "go", "build", "-mod=readonly", "-tags", t.Tags, "-o", tmp, t.Package)
	build.Dir, build.Env = module, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s, is the Go module proxy reached? %w\n%s", t.Name, err, out)
	}
	return path, os.Rename(tmp, path)
}

// Root is the directory of this module's go.mod.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	file := strings.TrimSpace(string(out))
	if err == nil && filepath.Base(file) != "go.mod" {
		err = fmt.Errorf("there is no go.mod here, but %q", file)
	}
	if err != nil {
		return "", fmt.Errorf("find the root of this module: %w", err)
	}
	return filepath.Dir(file), nil
}

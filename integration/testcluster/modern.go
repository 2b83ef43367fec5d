package testcluster

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// libFile is where the npm package puts its library, below a node_modules.
const libFile = "node_modules/@chdb/lib-linux-x64-gnu/libchdb.so"

// modern is ClickHouse 26.7 as a library in a host process. It has no ON CLUSTER:
// its ZooKeeper is there for skein's lock and for KeeperMap.
type modern struct {
	debianZooKeeper
	host []string
	lib  string
}

func findModern(ctx context.Context, o Options) (engine, error) {
	m := modern{host: o.ModernHost}
	var err error
	if m.lib, err = findLibrary(); err != nil {
		return nil, err
	}
	if o.zooKeeper() {
		if m.debianZooKeeper, err = findZooKeeper(); err != nil {
			return nil, err
		}
	}
	if len(m.host) == 0 {
		host, err := buildHost(ctx)
		if err != nil {
			return nil, err
		}
		m.host = []string{host}
	}
	return m, nil
}

// findLibrary looks where SKEIN_CHDB_LIB says, else in the user's cache, where
// scripts/deps.sh installs it, else below the working directory.
func findLibrary() (string, error) {
	if lib := os.Getenv("SKEIN_CHDB_LIB"); lib != "" {
		_, err := os.Stat(lib)
		return lib, err
	}
	var places []string
	if cache, err := os.UserCacheDir(); err == nil {
		places = append(places, filepath.Join(cache, "skein", "npm", libFile))
	}
	if here, err := filepath.Abs(libFile); err == nil {
		places = append(places, here)
	}
	for _, place := range places {
		if _, err := os.Stat(place); err == nil {
			return place, nil
		}
	}
	return "", &MissingError{"ClickHouse 26.7 (npm package @chdb/lib-linux-x64-gnu)"}
}

func (m modern) node(s serverConfig) (command, error) {
	s.Root, s.AccessManagement = "clickhouse", true
	args := append(append([]string{}, m.host...), m.lib,
		"--config-file="+filepath.Join(s.Dir, "config.xml"),
		"--path="+filepath.Join(s.Dir, "data"),
		"--listen_host="+loopback,
		"--tcp_port="+strconv.Itoa(s.Node.Port),
		"--http_port="+strconv.Itoa(s.Node.HTTPPort),
		"--log-level=information", // a level in the file is not looked at
		"--query="+serveForever,
	)
	return command{Args: args, IgnoresTERM: true}, s.write("modern.xml.tmpl")
}

// serveForever is one run of clickhouse-local which opens its ports and then has
// nothing else to do.
const serveForever = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; " +
	"SELECT sleepEachRow(3) FROM numbers(1000000000) FORMAT Null " +
	"SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0"

//go:embed chdb/serve.go
var chdbSource string

//go:embed chdb/host/main.go
var hostSource string

// buildHost builds chdb/host, once for each version of its source and of Go. It is
// a program of its own, without cgo, so that neither a test binary's race detector
// nor its signal handlers share a process with a whole ClickHouse.
func buildHost(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	key := sha256.Sum256([]byte(runtime.Version() + chdbSource + hostSource))
	path := filepath.Join(cache, "skein", "host", fmt.Sprintf("chdbhost-%x", key[:8]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	build := exec.CommandContext(ctx, "go", "build", "-o", tmp, "github.com/skein-migrate/skein/integration/testcluster/chdb/host")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build the host of the modern engine: %w\n%s", err, strings.TrimSpace(string(out))), removeFile(tmp))
	}
	return path, os.Rename(tmp, path)
}

// Revive starts the nodes of EngineModern that have died with a client, and returns
// them: the library aborts at times when a connection is reset, which the server it
// is made from does not. To be called when clients have been killed.
func (c *Cluster) Revive(ctx context.Context) ([]*Node, error) {
	if c.Options.Engine != EngineModern {
		return nil, nil
	}
	time.Sleep(reviveAfter)
	var revived []*Node
	for _, n := range c.Nodes {
		if n.Running() {
			continue
		}
		if err := n.Start(ctx); err != nil {
			return revived, fmt.Errorf("start %s again: %w", n.Name, err)
		}
		revived = append(revived, n)
	}
	return revived, nil
}

// reviveAfter is until a server has heard of its client's death.
const reviveAfter = 50 * time.Millisecond

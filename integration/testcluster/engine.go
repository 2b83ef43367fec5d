package testcluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// engine writes a server's configuration into its directory and says how to start
// it. The directory exists and is its working directory.
type engine interface {
	zooKeeper(dir string, port int, more *ports) (command, error)
	node(serverConfig) (command, error)
}

// MissingError says which servers are not installed here.
type MissingError struct {
	What string
}

func (e *MissingError) Error() string {
	return e.What + " is not installed: scripts/deps.sh installs it"
}

func findEngine(ctx context.Context, o Options) (engine, error) {
	if o.Engine == EngineModern {
		return findModern(ctx, o)
	}
	if path, ok := findMultiCall(ctx); ok {
		return multiCall{path}, nil
	}
	// Debian has it in /usr/sbin, which is not on everybody's PATH.
	server, err := lookPath("clickhouse-server", "/usr/sbin/clickhouse-server")
	if err != nil {
		return nil, &MissingError{"clickhouse-server"}
	}
	zk, err := findZooKeeper()
	if err != nil {
		return nil, err
	}
	return debian{server: server, debianZooKeeper: zk}, nil
}

// debian is ClickHouse 18.16 with ZooKeeper, both out of Debian's packages.
type debian struct {
	debianZooKeeper
	server string
}

func (d debian) node(s serverConfig) (command, error) {
	s.Root = "yandex"
	return command{Args: []string{d.server, "--config-file=" + filepath.Join(s.Dir, "config.xml")}},
		s.write("cluster.xml.tmpl")
}

// multiCall is a current clickhouse binary with its own Keeper. It has never been
// run: where this was written there was none.
type multiCall struct{ path string }

func (m multiCall) node(s serverConfig) (command, error) {
	s.Root, s.AccessManagement = "clickhouse", true
	return m.command("server", s.Dir, "config.xml"), s.write("cluster.xml.tmpl")
}

func (m multiCall) zooKeeper(dir string, port int, more *ports) (command, error) {
	raft, err := more.take()
	if err != nil {
		return command{}, err
	}
	return m.command("keeper", dir, "keeper.xml"), renderFile("keeper.xml.tmpl", filepath.Join(dir, "keeper.xml"),
		map[string]any{"Dir": dir, "Port": port, "RaftPort": raft})
}

func (m multiCall) command(applet, dir, config string) command {
	return command{
		Args: []string{m.path, applet, "--config-file=" + filepath.Join(dir, config)},
		// Its watchdog would be the process that we kill, and the server would live on.
		Env: []string{"CLICKHOUSE_WATCHDOG_ENABLE=0"},
	}
}

// findMultiCall goes by the version: a packaged 18.16 may be a multi-call binary
// too, but knows no Keeper and no <clickhouse> root.
func findMultiCall(ctx context.Context) (string, bool) {
	path, err := exec.LookPath("clickhouse")
	if err != nil {
		return "", false
	}
	out, err := exec.CommandContext(ctx, path, "local", "--version").Output()
	return path, err == nil && majorVersion(string(out)) >= 20
}

func majorVersion(text string) int {
	m := regexp.MustCompile(`(\d+)\.\d+\.\d+`).FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	major, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return major
}

// debianZooKeeper is Debian's ZooKeeper, run without its service.
type debianZooKeeper struct{ java string }

// zooKeeperClassPath is the server, whose manifest names the rest but no logger.
const zooKeeperClassPath = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar"

func findZooKeeper() (debianZooKeeper, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return debianZooKeeper{}, &MissingError{"java"}
	}
	for _, jar := range filepath.SplitList(zooKeeperClassPath) {
		if _, err := os.Stat(jar); err != nil {
			return debianZooKeeper{}, &MissingError{"zookeeper"}
		}
	}
	return debianZooKeeper{java}, nil
}

func (z debianZooKeeper) zooKeeper(dir string, port int, _ *ports) (command, error) {
	config := filepath.Join(dir, "zoo.cfg")
	return command{Args: []string{
		z.java,
		// A quick start matters more here than a fast or a durable server.
		"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-Dzookeeper.forceSync=no",
		// What a request goes through has fewer threads, and no digest of all data.
		"-Dzookeeper.nio.numSelectorThreads=1", "-Dzookeeper.nio.numWorkerThreads=0", "-Dzookeeper.digest.enabled=false",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-cp", zooKeeperClassPath, "org.apache.zookeeper.server.quorum.QuorumPeerMain", config,
	}}, renderFile("zoo.cfg.tmpl", config, map[string]any{"Dir": dir, "Port": port})
}

// lookPath finds a program on PATH or else at one of its usual places.
func lookPath(name string, places ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, place := range places {
		if info, statErr := os.Stat(place); statErr == nil && info.Mode()&0o111 != 0 {
			return place, nil
		}
	}
	return "", fmt.Errorf("find %s: %w", name, err)
}

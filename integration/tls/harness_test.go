// Package tls_test proves TLS on real servers: ClickHouse 18.16, which serves it
// itself, and 26.7 behind a proxy that does. The library that 26.7 is here opens no
// port with TLS ("supports only TCP and HTTP listeners").
package tls_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/integration/testca"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

var modern = testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1, NoZooKeeper: true}}

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m, &modern)) }

const password = "hunter2"

// server is a ClickHouse 18.16 with one port, and TLS on it.
type server struct {
	dir, port string
	authority *testca.Authority
}

const serverConfig = `<yandex>
<logger><level>information</level><log>DIR/log</log><errorlog>DIR/errors</errorlog></logger>
<tcp_port_secure>PORT</tcp_port_secure><listen_host>127.0.0.1</listen_host>
<path>DIR/data/</path><tmp_path>DIR/tmp/</tmp_path><user_files_path>DIR/files/</user_files_path><format_schema_path>DIR/schemas/</format_schema_path>
<users_config>DIR/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>5368709</mark_cache_size>
<openSSL><server><certificateFile>DIR/server.pem</certificateFile><privateKeyFile>DIR/server.key</privateKeyFile>
<caConfig>DIR/ca.pem</caConfig><verificationMode>MODE</verificationMode><loadDefaultCAFile>false</loadDefaultCAFile></server></openSSL>
</yandex>`

const usersConfig = `<yandex><profiles><default></default></profiles><quotas><default></default></quotas>
<users><default><password>` + password + `</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>`

// start starts a server that the test ends. mode is whether clients need a
// certificate: none, or strict.
func start(t *testing.T, mode string) *server {
	t.Helper()
	if os.Getenv("SKEIN_INTEGRATION") == "0" {
		t.Skip("SKEIN_INTEGRATION=0")
	}
	program, err := exec.LookPath("clickhouse-server")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/clickhouse-server")
	}
	if err != nil && os.Getenv("SKEIN_INTEGRATION") != "1" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	s := &server{dir: t.TempDir(), port: freePort(t), authority: testca.New(t)}
	testca.WritePair(t, s.dir, "server", s.authority.Server(t, "localhost", "ch-1.example.com"))
	s.authority.Write(t, s.dir, "ca")
	s.write(t, "config.xml", strings.NewReplacer("DIR", s.dir, "PORT", s.port, "MODE", mode).Replace(serverConfig))
	s.write(t, "users.xml", usersConfig)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "--config-file="+filepath.Join(s.dir, "config.xml"))
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // dead already is fine
		_ = cmd.Wait()         // it was killed
	})
	s.awaitPort(t)
	return s
}

// at is the server under one of its names.
func (s *server) at(host string) node {
	return node{dir: s.dir, address: net.JoinHostPort(host, s.port), database: "default", password: password}
}

func (s *server) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *server) awaitPort(t *testing.T) {
	t.Helper()
	for range 200 {
		conn, err := net.DialTimeout("tcp", "127.0.0.1:"+s.port, time.Second)
		if err == nil {
			conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "errors"))
	t.Fatalf("the server does not listen on port %s:\n%s", s.port, log)
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// node is what the configuration says of one.
type node struct{ dir, address, database, password string }

// skein runs a command against a node, with the keys of its TLS, and returns the
// exit code and all that was printed.
func (n node) skein(t *testing.T, keys string, args ...string) (code int, printed string) {
	t.Helper()
	config := filepath.Join(n.dir, "skein.yaml")
	text := fmt.Sprintf("clusters:\n  - name: main\n    hosts: [%q]\n    single_node: true\n    password: %q\n    database: %s\n"+
		"    tls: %s\n    storage_sets: [events]\n    connect: {retries: 0, timeout: 3s}\ncoordination: {lock: none}\n",
		n.address, n.password, n.database, keys)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	program := cli.Program{Groups: []migration.Group{events()}, Args: append([]string{"--config", config}, args...), Stdout: &out, Stderr: &out}
	code = program.Run(t.Context())
	t.Logf("$ skein %s    tls: %s\n%s(exit %d)", strings.Join(args, " "), keys, out.String(), code)
	if strings.Contains(out.String(), password) {
		t.Error("the password is printed")
	}
	return code, out.String()
}

func events() migration.Group {
	table := ops.CreateTable{
		Table: ops.LocalTable("events", "over_tls"), Columns: []ops.Column{{Name: "id", Type: "UInt64"}},
		Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	}
	return migration.Group{Name: "events", Migrations: []migration.Migration{{
		ID: "0001_over_tls", Forward: []ops.Operation{table},
	}}}
}

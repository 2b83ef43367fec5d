package bootstrap_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/access"
	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/journal"
)

const accessOfBob = `
access:
  databases:
    - {name: archive, engine: Atomic}
  roles:
    - {name: skein_reader, grants: ["SELECT ON skein_db.*"]}
  users:
    - name: skein_bob
      password: env:BOB
      roles: [skein_reader]
      grants: ["INSERT ON skein_db.t"]
`

// TestASecondRunHasNothingToDo has users, roles and grants in the node's users file:
// no 26.7 here has a place for those made by SQL (514). What is read of them is the same.
func TestASecondRunHasNothingToDo(t *testing.T) {
	c := testcluster.Own(t, testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1, NoZooKeeper: true})
	n := c.Nodes[0]
	addUsers(t, n)
	t.Setenv("BOB", "3")
	s := newSession(t, c, "", accessOfBob)
	s.Edit("database: skein", "database: events_db")

	dry := s.Must(0, "bootstrap", "--dry-run")
	running.Says(t, dry.Stdout, "CREATE DATABASE `archive` ENGINE = Atomic", "CREATE DATABASE `events_db`", "2 changes to make. Nothing was run.")
	if rows := query(t, n, "SELECT name FROM system.databases WHERE name IN ('archive', 'events_db')"); len(rows) > 0 {
		t.Fatalf("--dry-run made %v", rows)
	}
	running.Says(t, s.Must(0, "bootstrap").Stdout, "2 changes made.")
	running.Says(t, s.Must(0, "bootstrap").Stdout, "Nothing to do.")
	if rows := query(t, n, "SELECT engine FROM system.databases WHERE name IN ('archive', 'events_db')"); len(rows) != 2 {
		t.Errorf("databases: %v", rows)
	}
	s.Must(0, "migrate", "--group", "events") // in the database that it made

	t.Run("what the node has no place for is named", func(t *testing.T) {
		s.Edit(`grants: ["SELECT ON skein_db.*"]`, `grants: ["SELECT, ALTER ON skein_db.*"]`)
		running.Says(t, s.Must(3, "bootstrap").Stdout, "CANNOT BE MADE  role skein_reader: grant SELECT, ALTER ON skein_db.*", "none of its user_directories")
		s.Edit(`grants: ["SELECT, ALTER ON skein_db.*"]`, `grants: ["SELECT ON skein_db.*"]`)
	})
	t.Run("another engine is named, and left alone", func(t *testing.T) {
		s.Edit("engine: Atomic", "engine: Memory")
		running.Says(t, s.Must(3, "bootstrap").Stdout, "database archive: on "+n.Addr()+" its engine is Atomic, not Memory")
		s.Edit("engine: Memory", "engine: Atomic")
	})
	t.Run("a missing password names the reference", func(t *testing.T) {
		s.Edit("env:BOB", "env:NO_SUCH")
		running.Says(t, s.Must(2, "bootstrap").Stderr, "access.users[0].password", "env:NO_SUCH")
		s.Edit("env:NO_SUCH", "env:BOB")
	})
	t.Run("another password", func(t *testing.T) {
		t.Setenv("BOB", "swordfish")
		s.Edit(n.Addr(), refusing(t, n.Addr(), "skein_bob"))
		running.Says(t, s.Must(3, "bootstrap", "--dry-run").Stdout, "user skein_bob: change the password", "none of its user_directories")
		s.hides("swordfish")
	})
}

// refusing is a node that refuses one user. The 26.7 here is a library: a password that
// is wrong ends it, where a server answers 516. So this answers in its place.
func refusing(t *testing.T, address, user string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(client, address, user)
		}
	}()
	return listener.Addr().String()
}

func serve(client net.Conn, address, user string) {
	defer client.Close()
	hello := make([]byte, 4096) // one packet has it all
	size, err := client.Read(hello)
	if err != nil {
		return
	}
	if bytes.Contains(hello[:size], []byte(user)) {
		text := func(s string) []byte { return append(binary.AppendUvarint(nil, uint64(len(s))), s...) }
		answer := binary.LittleEndian.AppendUint32([]byte{2}, 516) // an exception
		answer = append(answer, text("DB::Exception")...)
		answer = append(answer, text("DB::Exception: "+user+": Authentication failed: password is incorrect, or there is no user with such name.")...)
		answer = append(append(answer, text("")...), 0)
		_, _ = client.Write(answer)
		return
	}
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	if _, err := server.Write(hello[:size]); err != nil {
		return
	}
	go func() { _, _ = io.Copy(server, client); server.Close() }()
	_, _ = io.Copy(client, server)
}

// willing is a real node that seems to have no users, and a place for them.
type willing struct{ *cluster.Set }

func (w willing) Access(ctx context.Context, name string, _ []access.Signing) ([]access.Node, error) {
	nodes, err := w.Set.Access(ctx, name, nil)
	for i := range nodes {
		nodes[i].Refuses, nodes[i].Users, nodes[i].Held, nodes[i].Members = "", nil, nil, map[string]bool{}
	}
	return nodes, err
}

// TestStatementsAreUnderstood has the server take each statement as far as it goes
// here: it has no place for users made by SQL (514), and does not change those of its
// file (495). Neither the password nor its hash is in the answer or in the query log.
func TestStatementsAreUnderstood(t *testing.T) {
	c := testcluster.Own(t, testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1, NoZooKeeper: true, QueryLog: true})
	n := c.Nodes[0]
	addUsers(t, n)
	password, err := access.NewPassword("new", "swordfish")
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]func(context.Context) (string, error){}
	hidden := []string{"swordfish"}
	for name, value := range password.Secrets() {
		secrets[name] = func(context.Context) (string, error) { return value, nil }
		hidden = append(hidden, value)
	}
	set := cluster.NewSet(cluster.Options{Name: "dev", Hosts: []string{n.Addr()}, SingleNode: true, Database: "system", User: "default", Secrets: secrets})
	t.Cleanup(set.Close)
	grant := access.Grant{Privileges: []string{"SELECT", "ALTER"}, Database: "skein_db"}
	for _, test := range []struct {
		declared access.Declared
		code     string
	}{
		{access.Declared{Roles: []access.Role{{Name: "new"}}}, "no writeable access storage"},
		{access.Declared{Users: []access.User{{Name: "new", Password: password}}}, "no writeable access storage"},
		{access.Declared{Roles: []access.Role{{Name: "skein_reader", Grants: []access.Grant{grant}}}}, "this storage is readonly"},
		{access.Declared{Users: []access.User{{Name: "skein_bob", Password: password, Grants: []access.Grant{grant}}}}, "this storage is readonly"},
	} {
		_, err := access.Bootstrap(t.Context(), access.Options{
			Servers: willing{set}, Cluster: "dev", Declared: test.declared, RunID: "run", Events: func(journal.Event) {},
		})
		if err == nil || !strings.Contains(err.Error(), test.code) {
			t.Errorf("%+v: %v, want %q", test.declared, err, test.code)
			continue
		}
		for _, secret := range hidden {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q is in %v", secret, err)
			}
		}
	}
	query(t, n, "SYSTEM FLUSH LOGS")
	logged := query(t, n, "SELECT query, exception FROM system.query_log WHERE query LIKE 'CREATE USER%%' AND type != 'QueryStart'")
	if len(logged) == 0 {
		t.Error("the query log has no CREATE USER")
	}
	for _, row := range logged {
		for _, secret := range hidden {
			if strings.Contains(strings.Join(row, " "), secret) {
				t.Errorf("%q is in the query log: %v", secret, row)
			}
		}
	}
}

// TestServersWithoutUsersOfSQL: 18.16 gets its databases, by ON CLUSTER, or directly
// where one node alone lacks one. Its users are signed in as.
func TestServersWithoutUsersOfSQL(t *testing.T) {
	c := testcluster.Own(t, testcluster.Options{Shards: 2, Replicas: 2})
	t.Setenv("MIG", "xyzzy")
	s := newSession(t, c, "", `
access:
  databases: [{name: archive}]
  users: [{name: mig, password: env:MIG, grants: ["SELECT ON archive.*"]}]
`)
	running.Says(t, s.Must(3, "bootstrap", "--dry-run").Stdout, "CREATE DATABASE `archive` ON CLUSTER 'skein_local'", "CANNOT BE MADE  user mig: create", "18.16.1 has no users of SQL")
	made := s.Must(3, "bootstrap")
	running.Says(t, made.Stdout, "database archive: create", "users.xml")
	for _, n := range c.Nodes {
		if rows := query(t, n, "SELECT name FROM system.databases WHERE name = 'archive'"); len(rows) != 1 {
			t.Errorf("%s has no database", n.Name)
		}
		addUsers(t, n, user{name: "mig", password: "xyzzy"})
	}
	running.Says(t, s.Must(0, "bootstrap").Stdout, "Nothing to do.", "only whether users sign in was looked at")

	query(t, c.Nodes[2], "DROP DATABASE archive")
	again := s.Must(0, "bootstrap")
	running.Says(t, again.Stdout, "database archive: create\n    "+c.Nodes[2].Addr()+"\n", "1 change made.")
	running.Says(t, s.Must(0, "bootstrap").Stdout, "Nothing to do.")

	t.Setenv("MIG", "plugh")
	running.Says(t, s.Must(3, "bootstrap").Stdout, "CANNOT BE MADE  user mig")
	s.hides("xyzzy", "plugh")
}

package integration

import (
	"context"
	"testing"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// While one run works, another is told who holds the lock and changes nothing;
// one that waits goes on when it is free.
func TestSecondRunIsKeptOut(t *testing.T) {
	c := servers.cluster.Cluster(t)
	inside, leave := make(chan struct{}), make(chan struct{})
	first := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
		do("wait", func(context.Context, ops.DB) error { close(inside); <-leave; return nil }),
	}}))
	second := newSession(t, c, first.groups...)
	done := make(chan result, 1)
	go func() { done <- first.run("migrate") }()
	<-inside
	says(t, second.must(4, "migrate").stderr, "another run holds the lock", "pid", "--lock-wait")
	says(t, second.must(0, "list").stdout, "[-] 0001_a")
	waited := make(chan result, 1)
	go func() { waited <- second.run("migrate", "--lock-wait", "1m") }()
	close(leave)
	if r := <-done; r.code != 0 {
		t.Errorf("the first run: exit %d", r.code)
	}
	if r := <-waited; r.code != 0 || r.stdout != "Nothing to do.\n" {
		t.Errorf("the second run: exit %d, %s", r.code, r.stdout)
	}
}

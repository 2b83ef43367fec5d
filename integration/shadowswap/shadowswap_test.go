package shadowswap_test

import (
	"strings"
	"testing"
)

// Exchanging is one moment. One INSERT at most meets it, between the name and the table
// (741, seen once in many runs), and is sent again.
func TestSwapOnASingleNodeOfToday(t *testing.T) {
	s := newSession(t, servers.modern.Cluster(t))
	if refused := s.swap("one 26.7 node"); refused > 1 {
		t.Errorf("%d inserts were refused", refused)
	}
	sorted := query(t, s.Servers.Nodes[0], "SELECT sorting_key FROM system.tables WHERE name = 'events_local' AND database = currentDatabase()")
	if sorted[0][0] != "timestamp, project_id, event_id" {
		t.Errorf("events_local is sorted by %s", sorted[0][0])
	}
}

// Without EXCHANGE there is a moment without a table, and no row is lost to who
// sends again what was refused.
func TestSwapOnTheCluster(t *testing.T) {
	s := newSession(t, servers.cluster.Cluster(t))
	t.Logf("%d inserts were refused", s.swap("2×2 of 18.16"))
	for _, n := range s.Servers.Nodes {
		text := query(t, n, "SHOW CREATE TABLE events_local")[0][0]
		for _, part := range []string{"ORDER BY (timestamp, project_id, event_id)", "events_shadow_by_time'"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s: events_local has not %s: %s", n.Name, part, text)
			}
		}
	}
}

// swap goes through the example while rows are written, one way, back and again,
// and returns how many inserts servers refused meanwhile.
func (s *session) swap(place string) int {
	s.T.Helper()
	s.done("migrate", "--group", "events", "0001")
	rows := s.old()
	inPage(s.T, place, s.plan())

	w := s.write(rows)
	s.done("migrate", "--group", "events", "--force", "0002")
	s.done("migrate", "--group", "events", "0003")
	rows += w.end()
	s.done("migrate", "--group", "events", "0004")
	s.has(rows, "events_local")

	// The view writes what comes now into what was the table: the way back is open.
	after := s.write(rows)
	after.reach(8)
	rows += after.end()
	s.has(rows, "events_shadow")
	s.done("revert", "--group", "events", "--force", "0003")
	s.has(rows, "events_local")

	again := s.write(rows)
	s.done("migrate", "--group", "events", "0003")
	rows += again.end()
	s.done("migrate", "--group", "events", "0004")
	s.has(rows, "events_local")
	s.T.Logf("%d and %d rows were written meanwhile", w.written.Load(), again.written.Load())

	// What was the shadow goes on alone.
	s.done("migrate", "--group", "events", "--force")
	last := s.write(rows)
	last.reach(8)
	rows += last.end()
	s.has(rows, "events_local")
	for _, n := range s.Servers.Nodes {
		for _, table := range query(s.T, n, "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'events_%'") {
			if table[0] != "events_local" && table[0] != "events_dist" {
				s.T.Errorf("%s still has %s", n.Name, table[0])
			}
		}
	}
	return int(w.refused.Load() + again.refused.Load())
}

// has checks how many events a table has.
func (s *session) has(rows int, table string) {
	s.T.Helper()
	if have := s.rows(table); have != rows {
		s.T.Errorf("%s has %d events, %d were written", table, have, rows)
	}
}

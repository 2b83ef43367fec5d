package progress

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"github.com/skein-migrate/skein/journal"
)

// stage is an area with a clock of its own, drawn without colours.
type stage struct {
	area
	at time.Time
}

func newStage() *stage {
	s := &stage{at: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
	s.now = func() time.Time { return s.at }
	return s
}

func (s *stage) pass(d time.Duration) { s.at = s.at.Add(d) }

func (s *stage) screen(t *testing.T, width int) []string {
	t.Helper()
	b := &Bars{}
	var out []string
	for _, r := range s.rows(width) {
		var line strings.Builder
		if err := b.draw(&line, width, []row{r}); err != nil {
			t.Fatal(err)
		}
		if w := runewidth.StringWidth(line.String()); w >= width {
			t.Errorf("%d columns of %d:\n%s", w, width, line.String())
		}
		out = append(out, line.String())
	}
	return out
}

func (s *stage) shows(t *testing.T, width int, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.screen(t, width)); diff != "" {
		t.Errorf("%d columns (-want +have):\n%s", width, diff)
	}
}

func aKey() journal.Key { return journal.Key{Group: "events", ID: "0003_rollup"} }

func mutates(node string, parts int, since time.Duration) journal.Event {
	return journal.MutationProgress{Key: aKey(), Step: 2, Node: node, Table: "default.events_local", MutationID: "0000000003", PartsToDo: parts, Since: since}
}

// Of migrations that go on side by side each has its own rows, which end with it.
func TestTheAreaOfSeveralMigrations(t *testing.T) {
	s := newStage()
	other := journal.Key{Group: "spans", ID: "0001_create"}
	s.event(journal.MigrationStarted{Key: aKey(), Steps: 3})
	s.event(journal.MigrationStarted{Key: other, Steps: 1})
	s.event(journal.StatementSent{Key: other, Step: 1, Of: 1, Summary: "CREATE TABLE spans"})
	s.event(journal.StatementSent{Key: aKey(), Step: 2, Of: 3, Summary: "ALTER TABLE events_local UPDATE v"})
	s.pass(4 * time.Second)
	s.event(mutates("ch-1:9000", 12, 3*time.Second))
	s.event(journal.Waiting{Key: other, Step: 1, Reason: "ch-2:9000 runs CREATE TABLE spans", Since: time.Second})
	s.shows(t, 80,
		"  events/0003_rollup  2/3 ALTER TABLE events_local UPDATE v               00:04",
		"    ch-1:9000  events_local        [----------]  0/12 parts  00:03             ",
		"  spans/0001_create  1/1 CREATE TABLE spans                               00:04",
		"    waiting: ch-2:9000 runs CREATE TABLE spans                            00:01",
	)
	s.event(journal.MigrationFinished{Key: other})
	s.shows(t, 80,
		"  2/3 ALTER TABLE events_local UPDATE v                                   00:04",
		"    ch-1:9000  events_local        [----------]  0/12 parts  00:03             ",
	)
}

func TestTheAreaOfAMutation(t *testing.T) {
	s := newStage()
	s.event(journal.MigrationStarted{Key: aKey(), Steps: 3})
	s.shows(t, 80, "")
	s.event(journal.StatementSent{Key: aKey(), Step: 2, Of: 3, Summary: "ALTER TABLE events_local UPDATE v"})
	s.pass(100 * time.Millisecond)
	s.shows(t, 80, "") // most statements end before they are worth a line
	s.pass(9900 * time.Millisecond)
	s.event(mutates("ch-1:9000", 12, 9*time.Second))
	s.event(mutates("ch-2:9000", 12, 9*time.Second))
	s.event(mutates("ch-2:9000", 3, 9*time.Second))
	s.shows(t, 80,
		"  2/3 ALTER TABLE events_local UPDATE v                                   00:10",
		"    ch-1:9000  events_local        [----------]  0/12 parts  00:09             ",
		"    ch-2:9000  events_local        [=======>--]  9/12 parts  00:09  ~00:03 left",
	)
	s.shows(t, 40,
		"  2/3 ALTER TABLE events_local …  00:10",
		"    ch-1:9000  events_loc…  0/12  00:09",
		"    ch-2:9000  events_loc…  9/12  00:09",
	)
	s.event(mutates("ch-2:9000", 0, 10*time.Second))
	s.pass(time.Hour)
	s.shows(t, 80,
		"  2/3 ALTER TABLE events_local UPDATE v                                 1:00:10",
		"    ch-1:9000  events_local      [----------]  0/12 parts  1:00:09             ",
	)
	s.event(journal.Converged{Key: aKey(), Step: 2})
	s.shows(t, 80, "  events/0003_rollup goes on                                            1:00:10")
	s.event(journal.MigrationFinished{Key: aKey()})
	s.shows(t, 80, "")
}

// The reason of a wait is never cut off, however narrow the terminal.
func TestTheAreaOfAWait(t *testing.T) {
	s := newStage()
	s.event(journal.StatementSent{Key: aKey(), Step: 1, Of: 1, Summary: "ALTER TABLE t ADD COLUMN x"})
	s.pass(41 * time.Second)
	s.event(journal.Waiting{
		Key: aKey(), Step: 1, Since: 150 * time.Second, Limit: 5 * time.Minute,
		Reason: "ch-1:9000: column x is not there; ch-2:9000: does not answer: dial tcp: connect: connection refused, and it has been so for long",
	})
	s.shows(t, 80,
		"  1/1 ALTER TABLE t ADD COLUMN x                                          00:41",
		"    waiting: ch-1:9000: column x is not there       [====>-----]  02:30 / 05:00",
		"    waiting: ch-2:9000: does not answer: dial tcp:  [====>-----]  02:30 / 05:00",
		"             connect: connection refused, and it",
		"             has been so for long",
	)
	s.shows(t, 40,
		"  1/1 ALTER TABLE t ADD COLUMN x  00:41",
		"    waiting: ch-1:9000: column x  02:30",
		"             is not there",
		"    waiting: ch-2:9000: does not  02:30",
		"             answer: dial tcp:",
		"             connect: connection",
		"             refused, and it has",
		"             been so for long",
	)
	// One node is there, and the wait says so for all of them.
	s.event(journal.Waiting{Key: aKey(), Step: 1, Since: time.Second, Reason: "ch-2:9000: column x is not there"})
	s.shows(t, 80,
		"  1/1 ALTER TABLE t ADD COLUMN x                                          00:41",
		"    waiting: ch-2:9000: column x is not there                             00:01",
	)
}

// Waits for one node each go on side by side, and end with the node's answer.
func TestTheAreaOfNodesThatAreAtWork(t *testing.T) {
	s := newStage()
	for _, node := range []string{"ch-1:9000", "[::1]:9000"} {
		s.event(journal.Waiting{Key: aKey(), Step: 1, Since: time.Second, Reason: node + " runs INSERT"})
	}
	s.event(journal.Waiting{Key: aKey(), Step: 1, Since: 3 * time.Second, Reason: "ch-1:9000 runs INSERT, and does not answer"})
	s.shows(t, 80, "",
		"    waiting: ch-1:9000 runs INSERT, and does not answer                   00:03",
		"    waiting: [::1]:9000 runs INSERT                                       00:01",
	)
	s.event(journal.HostFinished{Host: journal.HostOutcome{Node: "ch-1:9000"}})
	s.event(journal.Retrying{Key: aKey(), Nodes: []string{"[::1]:9000"}, Why: "517 metadata is behind", In: 1234 * time.Millisecond})
	s.shows(t, 80, "", "    waiting: [::1]:9000 again in 1.2s: 517 metadata is behind             00:00")
	s.event(journal.Waiting{Key: aKey(), Step: 1, Reason: "ch-1:9000: no column; ch-2:9000: no column"})
	s.shows(t, 80, "",
		"    waiting: ch-1:9000: no column                                         00:00",
		"    waiting: ch-2:9000: no column                                         00:00",
	)
}

// Many nodes do not push away what stays.
func TestTheAreaOfManyNodes(t *testing.T) {
	s := newStage()
	for i := range 40 {
		s.event(mutates(strings.Repeat("n", i+1)+":9000", 5, time.Second))
	}
	screen := s.screen(t, 80)
	if len(screen) != mostRows || screen[mostRows-1] != "      and 33 lines more" {
		t.Errorf("%d rows:\n%s", len(screen), strings.Join(screen, "\n"))
	}
	for _, width := range []int{1, 2, 10, 30, 59, 60, 200} {
		s.event(journal.Waiting{Key: aKey(), Step: 1, Reason: strings.Repeat("w", 300) + " x; ", Limit: time.Hour})
		s.screen(t, max(width, 2))
	}
}

func TestColours(t *testing.T) {
	s := newStage()
	s.event(journal.Waiting{Key: aKey(), Reason: "n", Limit: time.Hour})
	for color, want := range map[bool]bool{true: true, false: false} {
		var line strings.Builder
		if err := (&Bars{color: color}).draw(&line, 80, s.rows(80)); err != nil {
			t.Fatal(err)
		}
		if have := strings.Contains(line.String(), "\x1b["); have != want {
			t.Errorf("colour %v: %q", color, line.String())
		}
	}
}

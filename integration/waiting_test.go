package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/running"
)

// promptly is how long a wait may go on after a second signal: what is written
// then has to reach the servers.
const promptly = 5 * time.Second

// ends runs a command, ends it as a second signal does as soon as a text is
// printed, and checks that it does not go on.
func (s *session) ends(code int, at string, args ...string) result {
	s.T.Helper()
	var ended time.Time
	s.Die = make(chan struct{})
	die := s.Die
	s.On = map[string]func(){at: func() { ended = time.Now(); close(die) }}
	r := s.Must(code, args...)
	s.Die, s.On = nil, nil
	if took := time.Since(ended); ended.IsZero() || took > promptly {
		s.T.Errorf("%q: it went on for %s", at, took)
	}
	return r
}

func TestTheWaitForAMutationEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	s := mutated(t, c, "id + 1")
	exec(t, c.Nodes[0], "SYSTEM STOP MERGES m_local")
	t.Cleanup(func() { exec(t, c.Nodes[0], "SYSTEM START MERGES") })
	s.ends(5, "mutates", "migrate")
	if r := s.ends(5, "mutates", "resume"); strings.Contains(r.Stderr, "limits.mutation") {
		t.Error("it did not end for the reason that it was told to")
	}
}

// A statement that runs for long is spoken of, by node, and so is what a
// predecessor left; both waits end with their context.
func TestTheWaitsForAStatementAndForAPredecessorEndWithTheirContext(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, slowly("18.16")...)
	began := time.Now()
	r := s.ends(5, " runs CREATE TABLE a_local", "migrate")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("after %s", took)
	}
	running.Says(t, r.Stderr, "waiting: ")
	s.ends(5, "still runs", "resume")
	eventually(t, func() bool { return processes(t, c.Nodes[0]) == 0 })
}

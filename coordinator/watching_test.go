package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/watch"
)

// sight is what a Watcher sees: two nodes, a lock, a state and a trail.
type sight struct {
	mu     sync.Mutex
	asked  map[string]int           // questions by source
	open   map[string]int           // questions that are not answered
	worst  map[string]int           // the most at once
	takes  map[string]time.Duration // how long an answer takes
	fail   map[string]error
	parts  int // to do of a mutation on a:9000; 0: there is none
	holder *journal.Holder
	rows   map[journal.Key]journal.Entry
}

func newSight() *sight {
	return &sight{asked: map[string]int{}, open: map[string]int{}, worst: map[string]int{}, takes: map[string]time.Duration{}, fail: map[string]error{}}
}

func (s *sight) ask(ctx context.Context, source string) error {
	s.mu.Lock()
	s.asked[source]++
	s.open[source]++
	s.worst[source] = max(s.worst[source], s.open[source])
	takes, err := s.takes[source], s.fail[source]
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open[source]--
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(takes):
		return err
	}
}

func (s *sight) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *sight) count(source string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[source]
}

func (s *sight) Topology(ctx context.Context, name string) (watch.Cluster, error) {
	nodes := []journal.Node{{Host: "a", Port: 9000, Shard: 1, Replica: 1}, {Host: "b", Port: 9000, Shard: 1, Replica: 2}}
	return watch.Cluster{Name: name, Local: nodes, Dist: nodes, LocalName: "c", DistName: "c"}, s.ask(ctx, "topology")
}

func (s *sight) Look(ctx context.Context, _, node string) (watch.Doing, error) {
	if err := s.ask(ctx, node); err != nil {
		return watch.Doing{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts == 0 || node != "a:9000" {
		return watch.Doing{}, nil
	}
	return watch.Doing{Mutations: []watch.Mutation{{Node: node, Table: "d.t", ID: "1", PartsToDo: s.parts}}}, nil
}

func (s *sight) Queue(ctx context.Context, _ string) ([]watch.Entry, error) {
	return nil, s.ask(ctx, "queue")
}

func (s *sight) Missing(ctx context.Context) ([]string, int, error) {
	return nil, 2, s.ask(ctx, "missing")
}
func (s *sight) Rows(context.Context) (int, error) { return 0, nil }

func (s *sight) Read(ctx context.Context, barrier bool) (map[journal.Key]journal.Entry, error) {
	if barrier {
		return nil, errors.New("watch must not wait for a barrier")
	}
	return s.rows, s.ask(ctx, "state")
}

func (s *sight) Runs(ctx context.Context, _ string, _ int) ([]journal.Record, []journal.NoAnswer, error) {
	return nil, nil, s.ask(ctx, "runs")
}

func (s *sight) Story(ctx context.Context, key journal.Key) ([]journal.Record, []journal.NoAnswer, error) {
	return []journal.Record{{Key: key, RunID: "R", At: time.Now(), Outcome: journal.TrailSent, Step: 1, Statement: "ALTER"}}, nil, s.ask(ctx, "story")
}

func (s *sight) hold(ctx context.Context) (*journal.Holder, error) {
	return s.holder, s.ask(ctx, "lock")
}

func (s *sight) watcher() *Watcher {
	return NewWatcher(WatchOptions{Servers: s, Clusters: []string{"main"}, States: s, Trails: s, Lock: "zookeeper", Holder: s.hold})
}

func running(t *testing.T, w *Watcher) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { w.Run(ctx) })
	t.Cleanup(func() { cancel(); run.Wait() })
}

// A node that does not answer, ZooKeeper that does not, a state that is slow: the
// others are seen all the same, and nobody is asked twice at once.
func TestWhoDoesNotAnswerKeepsNobodyWaiting(t *testing.T) {
	for _, frozen := range []string{"b:9000", "lock", "state", "queue"} {
		synctest.Test(t, func(t *testing.T) {
			s := newSight()
			s.takes[frozen] = time.Hour
			s.holder = &journal.Holder{RunID: "R"}
			w := s.watcher()
			running(t, w)
			time.Sleep(30 * time.Second)
			snapshot := w.Snapshot()
			for _, other := range []string{"a:9000", "b:9000", "lock", "state", "queue"} {
				asked := s.count(other)
				switch {
				case other == frozen && (asked > 3 || s.worst[other] != 1):
					t.Errorf("%s is frozen and was asked %d times, %d at once", other, asked, s.worst[other])
				case other != frozen && asked < 5:
					t.Errorf("%s is frozen, and %s was asked %d times", frozen, other, asked)
				}
			}
			silent := len(snapshot.Unread)
			for _, n := range snapshot.Nodes {
				if n.Silent > 0 {
					silent++
					if d := time.Duration(n.Silent).Round(time.Second); d != 30*time.Second {
						t.Errorf("no answer for %s, want 30s", d)
					}
				}
			}
			if silent != 1 {
				t.Errorf("%s is frozen: %+v, %+v", frozen, snapshot.Nodes, snapshot.Unread)
			}
		})
	}
}

// While nothing changes it asks seldom; after a change it asks often again.
func TestItAsksSeldomWhileNothingChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSight()
		w := s.watcher()
		running(t, w)
		during := func(d time.Duration) int {
			before := s.count("a:9000")
			time.Sleep(d)
			return s.count("a:9000") - before
		}
		if n := during(5 * time.Second); n < 4 { // one more or less, by which of two that wake together goes first
			t.Errorf("%d questions in the first 5 s", n)
		}
		time.Sleep(time.Minute)
		if n := during(time.Minute); n > 13 {
			t.Errorf("%d questions in a minute without a change", n)
		}
		s.set(func() { s.parts = 9 })
		time.Sleep(watchSeldom)
		if n := during(5 * time.Second); n < 4 {
			t.Errorf("%d questions in the 5 s after a change", n)
		}
	})
}

func TestAnEstimateIsByThePartsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSight()
		s.parts = 10
		w := s.watcher()
		running(t, w)
		left := func() time.Duration {
			m := w.Snapshot().Mutations
			if len(m) != 1 {
				t.Fatalf("mutations: %+v", m)
			}
			return time.Duration(m[0].Left)
		}
		time.Sleep(3 * time.Second)
		if d := left(); d != 0 {
			t.Errorf("%s left, before any part was done", d)
		}
		time.Sleep(7 * time.Second)
		s.set(func() { s.parts = 5 })
		time.Sleep(6 * time.Second)
		if d := left(); d < 10*time.Second || d > 20*time.Second {
			t.Errorf("%s left, after 5 of 10 parts in about 10 s", d)
		}
		s.set(func() { s.parts = 40 }) // a second statement
		time.Sleep(6 * time.Second)
		if d := left(); d != 0 {
			t.Errorf("%s left, of what was just added", d)
		}
	})
}

// Once asks everybody once, and does not wait for ever.
func TestOnceAsksEverybodyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSight()
		key := journal.Key{Group: "events", ID: "0001"}
		s.rows = map[journal.Key]journal.Entry{key: {Key: key, Status: journal.InProgress, RunID: "R", Step: 1, Steps: 2}}
		snapshot, err := s.watcher().Once(t.Context(), time.Minute)
		if err != nil || len(snapshot.Nodes) != 2 || !snapshot.Lock.Known || len(snapshot.Migrations) != 1 || snapshot.Migrations[0].Statement != "ALTER" {
			t.Errorf("%v: %+v", err, snapshot)
		}
		for _, source := range []string{"topology", "a:9000", "b:9000", "lock", "state", "queue", "missing", "runs", "story"} {
			if n := s.count(source); n != 1 {
				t.Errorf("%s was asked %d times", source, n)
			}
		}
		s = newSight()
		s.takes["b:9000"] = time.Hour
		began := time.Now()
		snapshot, err = s.watcher().Once(t.Context(), 4*time.Second)
		if took := time.Since(began); err != nil || took != 4*time.Second {
			t.Errorf("%v after %s", err, took)
		}
		if i := slices.IndexFunc(snapshot.Nodes, func(n watch.Node) bool { return n.Silent > 0 }); i != 1 {
			t.Errorf("silent: %+v", snapshot.Nodes)
		}
	})
}

// What cannot be read is said with its reason, until it can; what was known of it
// before stays, but who held the lock is not known any more.
func TestWhatCannotBeReadIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSight()
		s.holder = &journal.Holder{RunID: "R"}
		w := s.watcher()
		running(t, w)
		time.Sleep(time.Second / 2)
		s.set(func() {
			for _, source := range []string{"lock", "state", "a:9000"} {
				s.fail[source] = fmt.Errorf("%s: connection refused", source)
			}
		})
		time.Sleep(6 * time.Second)
		snapshot := w.Snapshot()
		if len(snapshot.Unread) != 2 || snapshot.Unread[0].Why != "lock: connection refused" || snapshot.Nodes[0].Why != "a:9000: connection refused" {
			t.Errorf("%+v %+v", snapshot.Unread, snapshot.Nodes)
		}
		if snapshot.Lock.Known || snapshot.Lock.Holder != nil {
			t.Errorf("lock: %+v", snapshot.Lock)
		}
		s.set(func() { clear(s.fail) })
		time.Sleep(6 * time.Second)
		if snapshot := w.Snapshot(); len(snapshot.Unread) > 0 || snapshot.Nodes[0].Silent > 0 || !snapshot.Lock.Known {
			t.Errorf("%+v %+v", snapshot.Unread, snapshot.Nodes)
		}
	})
}

// A cluster that cannot be opened is named, tried again, and seen when it is there.
func TestAClusterThatIsFoundLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSight()
		s.fail["topology"] = errors.New("no host answers")
		w := s.watcher()
		running(t, w)
		time.Sleep(20 * time.Second)
		snapshot := w.Snapshot()
		if len(snapshot.Unread) != 1 || snapshot.Unread[0].What != "cluster main" || snapshot.Unread[0].Why != "no host answers" {
			t.Errorf("%+v", snapshot.Unread)
		}
		s.set(func() { clear(s.fail) })
		time.Sleep(20 * time.Second)
		if snapshot := w.Snapshot(); len(snapshot.Unread) > 0 || len(snapshot.Nodes) != 2 {
			t.Errorf("%+v %+v", snapshot.Unread, snapshot.Nodes)
		}
		if n := s.count("a:9000"); n < 3 {
			t.Errorf("its nodes were asked %d times", n)
		}
	})
}

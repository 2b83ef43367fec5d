// Package await is how skein waits for what other programs do: it looks again
// and again, says what it waits for, and ends at a limit or with its context.
package await

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Quiet is the rule of every wait: one that ends within this time says nothing;
// one that lasts longer says what it waits for then, and again when that
// changes. Most waits of a healthy cluster end in a few milliseconds, and a
// line for each would bury those that matter.
const Quiet = 300 * time.Millisecond

const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
	// slowLook is when a look that takes long is itself what is waited for, in a
	// wait that has spoken before.
	slowLook = 2 * time.Second
)

// Wait is one wait. The zero value has no limit and says nothing.
type Wait struct {
	Key  journal.Key
	Step int
	// Emit is told what is waited for; nil: nobody.
	Emit journal.Sink
	// Limit is how long it may take; 0: no limit.
	Limit time.Duration
	// Stalled makes Limit count from the last change of what a look found: it
	// bounds the time without progress, not the whole.
	Stalled bool
	// Began is when what is waited for began; now, if it is zero.
	Began time.Time
	// Pause is the time before the second look, 50 ms when 0. It doubles, to 1 s.
	Pause time.Duration
	// Asking says what a look waits for that does not come back; nil: nothing.
	// It may be called while the look goes on.
	Asking func() string
}

// Look is what one look found.
type Look struct {
	// Done says that nothing has to be waited for any more.
	Done bool
	// Reason is what is waited for. What differs in each look, such as a time,
	// has no place in it.
	Reason string
	// Progress are figures of what goes on. Key, Step and Since are filled in.
	Progress []journal.MutationProgress
}

// OverError says that a wait reached its limit.
type OverError struct {
	Limit  time.Duration
	Reason string // what is still waited for
}

func (e *OverError) Error() string { return fmt.Sprintf("not within %s: %s", e.Limit, e.Reason) }

// Until looks until a look is done. It ends with the error of a look, with an
// *OverError at the limit, and with the error of its context as soon as that ends
// and the look under way has returned.
func (w Wait) Until(ctx context.Context, look func(context.Context) (Look, error)) error {
	s := &speech{wait: w, told: map[string]int{}, seen: map[string]int{}}
	if s.wait.Began.IsZero() {
		s.wait.Began = time.Now()
	}
	s.changed = time.Now()
	defer s.end()
	pause := w.Pause
	if pause == 0 {
		pause = firstPause
	}
	for {
		found, err := s.listen(ctx, look)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		}
		s.say(found)
		if found.Done {
			return nil
		}
		left := s.left()
		if left <= 0 && w.Limit > 0 {
			return &OverError{Limit: w.Limit, Reason: found.Reason}
		}
		next := pause
		if quiet := Quiet - time.Since(s.wait.Began); quiet > 0 {
			next = min(next, quiet)
		}
		if w.Limit > 0 {
			next = min(next, left)
		}
		if err := Sleep(ctx, next); err != nil {
			return err
		}
		pause = min(2*pause, longestPause)
	}
}

// Sleep returns after d, or when the context ends, with its error.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// speech is what a wait has said.
type speech struct {
	wait Wait

	mu      sync.Mutex
	ended   bool
	said    string // the last reason
	reason  string // what the last look found
	changed time.Time
	seen    map[string]int // figures of the last look, by node, table and mutation
	told    map[string]int // those that were said
}

// listen takes one look, and speaks when it does not come back.
func (s *speech) listen(ctx context.Context, look func(context.Context) (Look, error)) (Look, error) {
	if s.wait.Asking == nil {
		return look(ctx)
	}
	timer := time.AfterFunc(s.patience(), s.ask)
	defer timer.Stop()
	return look(ctx)
}

func (s *speech) patience() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spoken() {
		return slowLook
	}
	return Quiet
}

func (s *speech) spoken() bool { return s.said != "" || len(s.told) > 0 }

func (s *speech) ask() {
	s.mu.Lock()
	defer s.mu.Unlock()
	reason := s.reason
	if asking := s.wait.Asking(); asking != "" && (reason == "" || s.spoken()) {
		reason = asking
	}
	s.speak(reason)
}

// say says what is new in what a look found, by the rule of Quiet.
func (s *speech) say(found Look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found.Reason != s.reason {
		s.reason, s.changed = found.Reason, time.Now()
	}
	for _, p := range found.Progress {
		if figure, known := s.seen[figureOf(p)]; !known || figure != p.PartsToDo {
			s.seen[figureOf(p)], s.changed = p.PartsToDo, time.Now()
		}
	}
	if time.Since(s.wait.Began) < Quiet || found.Done && !s.spoken() {
		return
	}
	for _, p := range found.Progress {
		if figure, known := s.told[figureOf(p)]; known && figure == p.PartsToDo {
			continue
		}
		s.told[figureOf(p)] = p.PartsToDo
		p.Key, p.Step, p.Since = s.wait.Key, s.wait.Step, time.Since(s.wait.Began)
		s.emit(p)
	}
	if !found.Done {
		s.speak(found.Reason)
	}
}

func figureOf(p journal.MutationProgress) string { return p.Node + " " + p.Table + " " + p.MutationID }

func (s *speech) speak(reason string) {
	if reason == "" || reason == s.said {
		return
	}
	s.said = reason
	s.emit(journal.Waiting{
		Key: s.wait.Key, Step: s.wait.Step, Reason: reason, Since: time.Since(s.wait.Began), Limit: s.wait.Limit,
	})
}

func (s *speech) emit(event journal.Event) {
	if s.wait.Emit != nil && !s.ended {
		s.wait.Emit(event)
	}
}

// left is the time to the limit.
func (s *speech) left() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := s.wait.Began
	if s.wait.Stalled {
		since = s.changed
	}
	return s.wait.Limit - time.Since(since)
}

// end keeps a look's timer that just fired from speaking of what is over.
func (s *speech) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}

package coordinator

import (
	"context"
	"errors"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Trails reads the audit trails of all runs, without lock or barrier. What
// nodes that do not answer have alone is left out, and they are named.
type Trails interface {
	// Runs are rows that tell how the newest runs went, those of one run together
	// and in order; limit 0: all of them.
	Runs(ctx context.Context, group string, limit int) ([]journal.Record, []journal.NoAnswer, error)
	// Story are all rows about one migration, and those that say how the runs went
	// that touched it.
	Story(ctx context.Context, key journal.Key) ([]journal.Record, []journal.NoAnswer, error)
}

// ended is the last event of a run.
func ended(err error, took time.Duration) journal.RunEnded {
	e := journal.RunEnded{Ending: endingOf(err), Err: err, Took: took}
	var partial *journal.PartialError
	if errors.As(err, &partial) {
		e.Key, e.Step = partial.Key, partial.Step
	}
	return e
}

func endingOf(err error) journal.Ending {
	var (
		lost        *journal.LockLostError
		interrupted *journal.InterruptedError
		partial     *journal.PartialError
		preflight   *journal.PreflightError
		inactive    *journal.InactiveReplicasError
		inProgress  *journal.InProgressError
		usage       *journal.UsageError
	)
	switch {
	case err == nil:
		return journal.EndedCompleted
	case errors.As(err, &lost):
		return journal.EndedLockLost
	case errors.As(err, &interrupted), errors.Is(err, context.Canceled):
		return journal.EndedInterrupted
	case errors.As(err, &partial):
		return journal.EndedFailed
	case errors.As(err, &preflight), errors.As(err, &inactive), errors.As(err, &inProgress), errors.As(err, &usage):
		return journal.EndedRefused
	}
	return journal.EndedFailed
}

// leaveOut records which nodes the run goes on without.
func (s *session) leaveOut() {
	for _, node := range s.c.options.Without {
		s.emit(journal.Decided{Flag: "--without " + node, Text: "it gets nothing now, and is owed what the others get"})
	}
}

// decided records what the command line permits that skein would not do by itself.
func (s *session) decided(r Request) {
	for _, d := range []struct {
		yes        bool
		flag, text string
	}{
		{r.Force, "--force", "blocking migrations may run, completed ones may be taken back"},
		{r.Fake && !r.baseline, "--fake", "the status is written, nothing is run"},
		{r.baseline, "baseline", "what the migrations make is there already: the status is written, nothing is run"},
		{r.AllowDirty, "--allow-dirty", "completed migrations may be modified or missing"},
		{r.NoValidate, "--no-validate", "no server is asked to parse the statements first"},
		{r.IncludeSystem, "--include-system", "skein's own tables may be dropped"},
	} {
		if d.yes {
			s.emit(journal.Decided{Flag: d.flag, Text: d.text})
		}
	}
}

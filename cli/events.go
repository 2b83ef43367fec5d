package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	jsonlines "github.com/skein-migrate/skein/events"
	"github.com/skein-migrate/skein/journal"
)

// toStdout is the FILE of --events that is none.
const toStdout = "-"

// eventLines begins to write --events.
func (a *app) eventLines(context.Context) (journal.Sink, error) {
	if a.eventsTo == "" {
		return nil, nil // no sink is wanted
	}
	out, err := a.openEvents()
	if err != nil {
		return nil, journal.Usagef("--events: %w", err)
	}
	lines := jsonlines.NewWriter(out, a.holder.RunID)
	a.closers = append(a.closers, func() {
		err := lines.Close()
		if file, ok := out.(*os.File); ok && a.eventsTo != toStdout {
			if closed := file.Close(); err == nil {
				err = closed
			}
		}
		if err != nil {
			a.warn("--events %s is not complete: %v", a.eventsTo, err)
		}
	})
	return lines.Event, nil
}

func (a *app) openEvents() (io.Writer, error) {
	if a.eventsTo == toStdout {
		// Whoever reads may end first: that must be an error of a write, not the end of
		// this process in the middle of a migration.
		signal.Ignore(syscall.SIGPIPE)
		return a.program.Stdout, nil
	}
	return os.OpenFile(a.eventsTo, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
}

package cli

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/skein-migrate/skein/progress"
)

// belowBars is stdout, which may be the same terminal: what is written there stands
// where the bars were.
type belowBars struct {
	io.Writer
	bars *progress.Bars
}

// Write implements io.Writer.
func (b belowBars) Write(text []byte) (int, error) {
	b.bars.Close()
	return b.Writer.Write(text)
}

// bars are what shows on a terminal what goes on; nil where there is none, or where
// nothing is to be said. All that is written to stderr from then on goes through them.
func (a *app) bars() *progress.Bars {
	stderr, ok := a.program.Stderr.(*oneAtATime)
	if !ok || a.quiet {
		return nil
	}
	terminal, ok := stderr.w.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	bars := progress.New(terminal, os.Getenv("NO_COLOR") == "")
	stderr.mu.Lock()
	defer stderr.mu.Unlock()
	stderr.w = bars
	return bars
}

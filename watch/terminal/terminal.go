// Package terminal draws package watch's screen on a terminal, and gives the
// terminal back as it was.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/skein-migrate/skein/watch"
)

// refresh is how often the screen is drawn anew: times go on while nothing is heard.
// At first, while answers come in, it is oftener.
const (
	refresh = time.Second
	soon    = 200 * time.Millisecond
	atFirst = 10 // times
)

// Options are a terminal and what to show there.
type Options struct {
	In  io.Reader
	Out io.Writer
	// Snapshot is called every second. It must not block.
	Snapshot func() watch.Snapshot
	Colour   bool
}

// Show shows snapshots until a key ends it, or the context, with its error.
func Show(ctx context.Context, o Options) error {
	program := tea.NewProgram(model{options: o, screen: watch.Screen{Colour: o.Colour}},
		tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithAltScreen(), tea.WithoutSignalHandler())
	_, err := program.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, tea.ErrInterrupted) {
		return fmt.Errorf("show it on the terminal: %w", err)
	}
	return nil
}

type tick struct{}

// model is bubbletea's side of watch.Screen.
type model struct {
	options Options
	screen  watch.Screen
	drawn   int
}

// Init implements tea.Model.
func (m model) Init() tea.Cmd { return func() tea.Msg { return tick{} } }

// Update implements tea.Model.
func (m model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.screen = m.screen.Sized(message.Width, message.Height)
	case tea.KeyMsg:
		var quit bool
		if message.String() == "ctrl+z" {
			return m, tea.Suspend
		}
		if m.screen, quit = m.screen.Key(message.String()); quit {
			return m, tea.Quit
		}
	case tick:
		m.screen = m.screen.Showing(m.options.Snapshot())
		m.drawn++
		pause := refresh
		if m.drawn < atFirst {
			pause = soon
		}
		return m, tea.Tick(pause, func(time.Time) tea.Msg { return tick{} })
	}
	return m, nil
}

// View implements tea.Model.
func (m model) View() string { return m.screen.View() }

package watch

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestKeys(t *testing.T) {
	screen := Screen{}.Sized(80, 10).Showing(Of(frozen()))
	press := func(keys ...string) Screen {
		s := screen
		for _, key := range keys {
			var quit bool
			if s, quit = s.Key(key); quit {
				t.Errorf("%v quits", keys)
			}
		}
		return s
	}
	for _, key := range []string{"q", "esc", "ctrl+c"} {
		if _, quit := screen.Key(key); !quit {
			t.Errorf("%s does not quit", key)
		}
	}
	first := func(s Screen) string { return strings.Split(s.View(), "\n")[1] }
	at := func(line int) string { return screen.lines()[line].String() }
	for _, test := range []struct {
		keys []string
		line int
	}{
		{[]string{"up"}, 0},
		{[]string{"j", "down"}, 2},
		{[]string{"j", "j", "k"}, 1},
		{[]string{"pgdown"}, 7},
		{[]string{"pgdown", "pgup"}, 0},
		{[]string{"G", "g"}, 0},
		{[]string{"G", "j", "j"}, len(screen.lines()) - 8},
		{[]string{"x", "left"}, 0},
		{[]string{"?", "esc"}, 0},
	} {
		if have := first(press(test.keys...)); have != at(test.line) {
			t.Errorf("%v shows %q first, want %q", test.keys, have, at(test.line))
		}
	}
	if help := press("?").View(); !strings.Contains(help, "quit; nothing of the run is changed") {
		t.Errorf("no help:\n%s", help)
	}
	// A screen that grows, and a run that ends, leave nothing scrolled away.
	if grown := press("G").Sized(80, 60); first(grown) != at(0) {
		t.Errorf("it shows %q first", first(grown))
	}
	if ended := press("G").Showing(Of(idle())); !strings.HasPrefix(first(ended), "the last: run") && !strings.HasPrefix(first(ended), "No run lives") {
		t.Errorf("it shows %q first", first(ended))
	}
}

// Texts are anybody's: what a terminal would obey, and line ends, are taken out.
func TestNothingInATextIsObeyed(t *testing.T) {
	p := failed()
	p.State.InProgress[0].Error = "bad \x1b[2Jthing\r\nand\tmore \x07 \u202ereversed"
	p.State.Last[0].Statement = "skein migrate \x1b]0;title\x07"
	screen := Screen{Colour: false}.Sized(80, 60).Showing(Of(p))
	view := screen.View()
	for _, r := range view {
		if r != '\n' && (r < ' ' || r == '\u202e' || r >= 0x7f && r < 0xa0) {
			t.Errorf("%q is in:\n%q", r, view)
		}
	}
	if !strings.Contains(view, "thing and more") {
		t.Errorf("have:\n%s", view)
	}
}

// Any size will do, also one that is not known yet.
func TestNoSizeIsTooSmall(t *testing.T) {
	for name, parts := range cases() {
		for _, width := range []int{0, 1, 7, 21, 30} {
			for _, height := range []int{0, 1, 2, 3, 7} {
				screen := Screen{}.Sized(width, height).Showing(Of(parts))
				if view := screen.View(); width > 0 && height > 0 {
					fits(t, name, view, width, height)
				} else if view != "" {
					t.Errorf("%s: %d×%d shows %q", name, width, height, view)
				}
			}
		}
	}
	if view := (Screen{Width: 80, Height: 24}).View(); !strings.Contains(view, "gathering") {
		t.Errorf("before the first snapshot:\n%s", view)
	}
}

func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 41 * time.Second: "41s", 131 * time.Second: "2m11s", 3720 * time.Second: "1h02m", 76 * time.Hour: "3d04h",
	} {
		if have := ago(d); have != want {
			t.Errorf("%s is %q, want %q", d, have, want)
		}
	}
	if have := clock(noon.Add(-24*time.Hour), noon); have != "2026-11-19 12:00:00" {
		t.Errorf("yesterday is %q", have)
	}
}

// JSON has durations in milliseconds, and lists that are never null.
func TestJSON(t *testing.T) {
	text, err := json.Marshal(Of(frozen()))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"silent_ms":43000`, `"state":"unknown"`, `"life":"alive"`, `"elapsed_ms":41000`, `"mutations":[]`, `"unread":[]`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s is not in %s", part, text)
		}
	}
}

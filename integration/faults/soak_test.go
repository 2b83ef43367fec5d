package faults

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// soak is set by `make soak`. The matrix has few random rounds, so that they work.
var soak = flag.Int("soak", 0, "so many rounds of processes at once, and of random faults")

// misfortune is a run that is struck, perhaps while it is brought to its end too.
type misfortune struct {
	first, second strike
	at, again     int // calls
	way           recovery
}

func misfortunes(calls int) *rapid.Generator[misfortune] {
	strikes := rapid.SampledFrom([]strike{kill, interrupt, twice})
	return rapid.Custom(func(t *rapid.T) misfortune {
		return misfortune{
			first: strikes.Draw(t, "first"), at: rapid.IntRange(1, calls).Draw(t, "at"),
			second: strikes.Draw(t, "second"), again: rapid.IntRange(1, calls+20).Draw(t, "again"),
			way: rapid.SampledFrom([]recovery{resume, undo}).Draw(t, "way"),
		}
	})
}

// skein is struck at some call, and again at some call of the command that is to
// bring things in order. -rapid.seed repeats a run.
func TestRandomFaults(t *testing.T) {
	take(t, &lanes.plain)
	rounds := 2
	if *soak > 0 {
		rounds = *soak
	}
	for _, at := range places() {
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel()
			began := time.Now()
			want, calls := withoutFault(t, c, at.ddl)
			generator := misfortunes(len(calls))
			n := 0
			check(t, rounds, func(rt *rapid.T) {
				n++
				m := generator.Draw(rt, "misfortune")
				p := newProject(t, c, fmt.Sprintf("9%03d", n), at.ddl)
				defer p.drop()
				p.suffer(m, want)
			})
			proven(t, line{
				Case: 1, Fault: "a random signal to skein, and another to what recovers", Moments: "any call of each", Runs: rounds,
				Place: at.name, Way: "the same again", took: time.Since(began),
			})
		})
	}
}

// suffer strikes a run, strikes what recovers it, and recovers.
func (p *project) suffer(m misfortune, want picture) {
	p.t.Helper()
	fmt.Fprintf(&p.said, "(%+v)\n", m)
	p.must("migrate", "--group", group, before)
	p.struck(p.strike(fault{At: m.at, Strike: m.first}, "migrate"), m.first)
	p.strike(fault{At: m.again, Strike: m.second}, string(m.way), "--lock-wait", "1m")
	p.recover(m.way, want)
}

// check is rapid.Check with a number of rounds of its own.
func check(t *testing.T, rounds int, property func(*rapid.T)) {
	t.Helper()
	if err := flag.Set("rapid.checks", fmt.Sprint(rounds)); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, property)
}

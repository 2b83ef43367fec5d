package nodes

import (
	"fmt"

	"github.com/skein-migrate/skein/bench/measure"
)

// figures are the times and the memory of each task at each size, and how much more each
// takes than at the size before, in units of how many more nodes there are: 1 is as much
// more, and what has to be reached.
func figures(sizes []int, found map[string][]sample) []measure.Figure {
	var out []measure.Figure
	for _, t := range tasks() {
		for i, s := range found[t.name] {
			time := measure.Figure{Name: fmt.Sprintf("%s, %d nodes", t.name, sizes[i]), Value: s.took.Seconds(), Unit: "s", Note: s.note()}
			memory := measure.Figure{Name: fmt.Sprintf("%s, %d nodes: memory", t.name, sizes[i]), Value: float64(s.memory) / 1e6, Unit: "MB"}
			if i == len(sizes)-1 {
				time.Target, memory.Target = seconds, megabytes
			}
			out = append(out, time, memory)
			if s.statement > 0 {
				alone := measure.Figure{Name: fmt.Sprintf("%s, %d nodes: the statement", t.name, sizes[i]), Value: s.statement.Seconds(), Unit: "s", Target: time.Target}
				alone.Note = "from when it is sent to when each node was seen to have it; the rest is looking before the leap"
				out = append(out, alone)
			}
			if i > 0 {
				out = append(out, growth(t.name, sizes[i-1], sizes[i], found[t.name][i-1], s)...)
			}
		}
	}
	return out
}

func growth(name string, from, to int, before, after sample) []measure.Figure {
	more := float64(to) / float64(from)
	figure := func(what string, ratio float64) measure.Figure {
		return measure.Figure{
			Name: fmt.Sprintf("%s, %d to %d nodes: growth of %s", name, from, to, what), Value: ratio / more, Unit: "×", Target: 1,
			Note: fmt.Sprintf("%.1f times as much for %.0f times the nodes", ratio, more),
		}
	}
	return []measure.Figure{
		figure("time", after.took.Seconds()/before.took.Seconds()),
		figure("CPU", after.cpu.Seconds()/before.cpu.Seconds()),
		figure("memory", float64(after.memory)/float64(before.memory)),
	}
}

// Package nodes measures how skein does on clusters of 10, 100 and 1,000 nodes. The nodes are
// simulated, in this process; skein is a process of its own, so that its memory is its alone.
package nodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/nodes/work"
	"github.com/skein-migrate/skein/bench/simulated"
)

// What has to be reached at the largest size.
const (
	seconds   = 2
	megabytes = 300
	latency   = 5 * time.Millisecond
	replicas  = 2 // of each shard
)

// sizes of the clusters; what grows no faster than nodes is at most ten times as much for
// each as for the one before.
func sizes() []int { return []int{10, 100, 1000} }

// task is one thing that skein does.
type task struct {
	name string
	args []string // behind those that say where the cluster is
	// says is part of what it prints when it has done it, with the number of nodes for %d.
	says string
}

func tasks() []task {
	return []task{
		{"discovery", []string{"discover"}, "%d nodes, 200 tables"},
		{"check-inactive-replicas", []string{"check-inactive-replicas"}, "120 replicated tables, all replicas active"},
		{"verify", []string{"verify"}, "200 tables on %d nodes, no difference"},
		// The whole command: everything that is looked at before and after belongs to it.
		{"create", []string{"migrate", "--group", work.GroupName}, "CREATE TABLE " + work.Made},
	}
}

// Measurement is the measurement "nodes".
func Measurement() measure.Measurement {
	return measure.Measurement{
		Name: "nodes",
		What: "10, 100 and 1,000 simulated nodes, 5 ms for each answer: discovery, check-inactive-replicas, verify of 200 tables, migrate with one CREATE, sent directly",
		Run: func(ctx context.Context) ([]measure.Figure, error) {
			return Run(ctx, Options{Sizes: sizes(), Rounds: 3})
		},
	}
}

// Options say what is measured.
type Options struct {
	Sizes  []int
	Rounds int // of each; the median counts
	// Binary is skein as package work has it; built where it is empty.
	Binary string
	// Profiles is a directory for the profiles of the largest size; empty: none.
	Profiles string
}

// Run measures every task at every size.
func Run(ctx context.Context, o Options) ([]measure.Figure, error) {
	dir, err := os.MkdirTemp("", "skein-bench-nodes-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left of a temporary directory harms nobody
	if o.Binary == "" {
		if o.Binary, err = build(ctx, dir); err != nil {
			return nil, err
		}
	}
	found := map[string][]sample{} // by task, in the order of the sizes
	for _, size := range o.Sizes {
		samples, err := o.cluster(ctx, dir, size)
		if err != nil {
			return figures(o.Sizes, found), fmt.Errorf("%d nodes: %w", size, err)
		}
		for name, s := range samples {
			found[name] = append(found[name], s)
		}
	}
	return figures(o.Sizes, found), nil
}

// cluster measures all tasks on a cluster of a size.
func (o Options) cluster(ctx context.Context, dir string, size int) (found map[string]sample, err error) {
	recording, err := simulated.Recorded267()
	if err != nil {
		return nil, err
	}
	var replay *simulated.Replay
	servers, err := simulated.Listen(ctx, size, replicas, latency, func(nodes []simulated.Node) (simulated.Handler, error) {
		replay, err = simulated.NewReplay(recording, nodes)
		return replay, err
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, servers.Close()) }()
	file := filepath.Join(dir, "skein-"+strconv.Itoa(size)+".yaml")
	if err := os.WriteFile(file, Config(servers.Nodes[0]), 0o600); err != nil {
		return nil, err
	}
	all := map[string][]sample{}
	profiled := o.Profiles != "" && size == slices.Max(o.Sizes)
	rounds := o.Rounds
	if profiled {
		rounds++ // one more, that does not count
	}
	for round := range rounds {
		for _, t := range tasks() {
			replay.Reset()
			profile := ""
			if round == o.Rounds {
				profile = filepath.Join(o.Profiles, t.name)
			}
			s, err := t.run(ctx, o.Binary, file, profile)
			if unknown := replay.Unknown(); len(unknown) > 0 {
				return nil, errors.Join(err, fmt.Errorf("%s: not in the recording, go test ./bench/nodes -run Recording -record makes it anew: %s",
					t.name, strings.Join(unknown, "; ")))
			}
			if err != nil {
				return nil, err
			}
			if says := strings.ReplaceAll(t.says, "%d", strconv.Itoa(size)); !strings.Contains(s.output, says) {
				return nil, fmt.Errorf("%s: %q is not in what it says: %s", t.name, says, s.output)
			}
			if changed := replay.Changed(); t.name == "create" && changed != size {
				return nil, fmt.Errorf("%s: came to %d nodes", t.name, changed)
			}
			s.answers = replay.Answers()
			if round < o.Rounds {
				all[t.name] = append(all[t.name], s)
			}
		}
	}
	found = map[string]sample{}
	for name, samples := range all {
		found[name] = middle(samples)
	}
	return found, nil
}

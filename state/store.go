package state

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Nodes is what the state tables need of the cluster that they are on.
type Nodes interface {
	Nodes(target ops.Target) []journal.Node
	Query(ctx context.Context, node, sql string) ([][]string, error)
	Insert(ctx context.Context, node string, table ops.Table, columns []string, rows [][]any, quorum int) error
}

// Options say where the tables are.
type Options struct {
	Database   string
	Cluster    string // as system.clusters names it; for what people are told to type
	SingleNode bool
	// Unknown says that an insert may have landed; TryAgain that it has not and
	// may in a moment. Package cluster knows.
	Unknown, TryAgain func(error) bool
	// LeftOut are the local nodes that the run goes on without.
	LeftOut    []journal.Node
	WriteLimit time.Duration // how long a row is tried for; 1 min when 0
	// NodeConcurrency is how many nodes, or shards, are read at the same time; all of
	// them when 0.
	NodeConcurrency int
	// Waiting is told why a row is not written yet, each time that it is tried again;
	// nil: nobody is.
	Waiting func(reason string, since, limit time.Duration)
}

// Store reads and writes the state tables. Write is for the one run that holds
// the lock; reading is safe at any time.
type Store struct {
	nodes   Nodes
	options Options

	silent   atomic.Pointer[[]journal.NoAnswer] // of the last Read
	complete atomic.Pointer[time.Time]          // when all nodes were last asked and had the table

	mu     sync.Mutex
	shards map[string]int // the shard that has a group's rows
}

// New makes a Store. Nothing is asked yet.
func New(nodes Nodes, options Options) *Store {
	if options.WriteLimit == 0 {
		options.WriteLimit = time.Minute
	}
	return &Store{nodes: nodes, options: options, shards: map[string]int{}}
}

func (s *Store) table(name string) ops.Table {
	return ops.Table{
		Place:    ops.Place{StorageSet: storageset.Migrations, Target: ops.Local},
		Database: s.options.Database, Name: name,
	}
}

func (s *Store) byShard() map[int][]journal.Node {
	out := map[int][]journal.Node{}
	for _, node := range s.nodes.Nodes(ops.Local) {
		out[node.Shard] = append(out[node.Shard], node)
	}
	return out
}

// Write makes entries of one group durable, as one insert: on a majority of
// the shard's replicas, at least 2 where there are 2. An insert whose outcome
// is unknown is repeated as it was, which the server drops if it has it. An
// error means that the rows may not be there; a *journal.UnknownRowError that they
// may be.
func (s *Store) Write(ctx context.Context, entries ...journal.Entry) error {
	return s.write(ctx, true, entries)
}

// WriteAnyhow writes with whatever replica is alive: for an error text that is
// added to a row already in progress.
func (s *Store) WriteAnyhow(ctx context.Context, entries ...journal.Entry) error {
	return s.write(ctx, false, entries)
}

func (s *Store) write(ctx context.Context, durable bool, entries []journal.Entry) error {
	nodes, err := s.shardOf(ctx, entries[0].Group)
	if err != nil {
		return fmt.Errorf("write the state of %s: %w", entries[0].Key, err)
	}
	quorum := 0
	if durable && !s.options.SingleNode {
		quorum, _ = s.quorum(nodes)
	}
	if quorum < 2 {
		quorum = 0 // nobody to wait for
	}
	names := make([]string, 0, len(columns()))
	for _, column := range columns() {
		names = append(names, column.Name)
	}
	rows := func() [][]any {
		out := make([][]any, len(entries))
		for i, entry := range entries {
			out[i] = values(entry)
		}
		return out
	}
	next := 0
	var last error
	mayHaveLanded := false
	try := func() (struct{}, error) {
		var failures []error
		defer func() { last = errors.Join(failures...) }()
		for range nodes {
			err := s.nodes.Insert(ctx, nodes[next%len(nodes)].Name(), s.table(tableLocal), names, rows(), quorum)
			if err == nil {
				return struct{}{}, nil
			}
			failures = append(failures, err)
			next++
			mayHaveLanded = mayHaveLanded || s.options.Unknown(err) || ctx.Err() != nil
			if !s.options.Unknown(err) && !s.options.TryAgain(err) {
				return struct{}{}, backoff.Permanent(err)
			}
		}
		return struct{}{}, errors.Join(failures...)
	}
	began := time.Now()
	_, err = backoff.Retry(ctx, try, backoff.WithMaxElapsedTime(s.options.WriteLimit), backoff.WithNotify(func(why error, _ time.Duration) {
		if s.options.Waiting != nil {
			s.options.Waiting(fmt.Sprintf("the state of %s cannot be written yet: %s", entries[0].Key, firstLine(why)), time.Since(began), s.options.WriteLimit)
		}
	}))
	if err != nil && ctx.Err() != nil && last != nil { // which says only that time was up
		err = fmt.Errorf("%w: %w", err, last)
	}
	if err != nil {
		err = fmt.Errorf("write the state of %s: %w", entries[0].Key, err)
	}
	if err != nil && mayHaveLanded {
		return &journal.UnknownRowError{Err: err}
	}
	return err
}

// quorum is on how many of the replicas that are left a row has to be, of how
// many that there are: a majority of all, at least 2, or else all that are left.
func (s *Store) quorum(left []journal.Node) (quorum, of int) {
	of = len(left)
	for _, node := range s.options.LeftOut {
		if node.Shard == left[0].Shard {
			of++
		}
	}
	return min(of/2+1, len(left)), of
}

// Lowered says of the shards on which a row is on fewer replicas than it should
// be, because nodes are left out: "1 of 2 replicas of shard 2".
func (s *Store) Lowered() []string {
	var out []string
	shards := s.byShard()
	for _, shard := range slices.Sorted(maps.Keys(shards)) {
		if quorum, of := s.quorum(shards[shard]); quorum < of/2+1 {
			out = append(out, fmt.Sprintf("%d of %d replicas of shard %d", quorum, of, shard))
		}
	}
	return out
}

// shardOf picks the shard for a group's rows: where they are already, so that
// a query with FINAL sees one row, else where migrations_dist would put them.
func (s *Store) shardOf(ctx context.Context, group string) ([]journal.Node, error) {
	shards := s.byShard()
	s.mu.Lock()
	shard, known := s.shards[group]
	s.mu.Unlock()
	if known && shards[shard] != nil {
		return shards[shard], nil
	}
	numbers := slices.Sorted(maps.Keys(shards))
	if len(numbers) == 1 {
		return shards[numbers[0]], nil
	}
	sql := fmt.Sprintf("SELECT toString(cityHash64(%s) %% %d)", ops.String(group), len(numbers))
	var failures []error
	for _, node := range s.nodes.Nodes(ops.Local) {
		rows, err := s.nodes.Query(ctx, node.Name(), sql)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		at, err := strconv.Atoi(rows[0][0])
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", node.Name(), sql, err)
		}
		s.mu.Lock()
		s.shards[group] = numbers[at]
		s.mu.Unlock()
		return shards[numbers[at]], nil
	}
	return nil, errors.Join(failures...)
}

func values(e journal.Entry) []any {
	pending := e.PendingNodes
	if pending == nil {
		pending = []string{}
	}
	return []any{
		e.Group, e.ID, e.Timestamp, e.Status, e.Version, string(e.Direction), e.RunID, e.Epoch,
		uint32(e.Step), uint32(e.Steps), e.StepHash, pending, e.Note, e.Checksum, e.AppliedBy, e.Error,
		uint64(max(e.Duration, 0) / time.Millisecond), e.Backward,
	}
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

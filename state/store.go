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
	SingleNode bool
	// Unknown says that an insert may have landed; TryAgain that it has not and
	// may in a moment. Package cluster knows.
	Unknown, TryAgain func(error) bool
	WriteLimit        time.Duration // how long a row is tried for; 1 min when 0
}

// Store reads and writes the state tables. Write is for the one run that holds
// the lock; reading is safe at any time.
type Store struct {
	nodes   Nodes
	options Options

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

// Missing lists the nodes that lack a state table, of how many that answer.
// None lacking it is the usual case; all lacking it means that nothing has
// started. A table of that name without skein's columns belongs to another tool
// and is refused.
func (s *Store) Missing(ctx context.Context) (missing []string, of int, err error) {
	var failures []error
	for _, node := range s.nodes.Nodes(ops.Local) {
		have, err := s.columnsOn(ctx, node.Name())
		if err != nil {
			failures = append(failures, err)
			continue
		}
		of++
		if len(have) == 0 {
			missing = append(missing, node.Name())
			continue
		}
		if err := s.foreign(node.Name(), have); err != nil {
			return nil, of, err
		}
	}
	if of == 0 {
		return nil, 0, journal.Refusef("the state cannot be read, no node answers: %w", errors.Join(failures...))
	}
	if len(missing) == of && len(failures) > 0 {
		// Those that do not answer may have it: "nothing started" would be a guess.
		return nil, of, journal.Refusef("the state cannot be read: the nodes that answer have no %s: %w",
			tableLocal, errors.Join(failures...))
	}
	return missing, of, nil
}

func (s *Store) columnsOn(ctx context.Context, node string) (map[string]bool, error) {
	rows, err := s.nodes.Query(ctx, node, "SELECT name FROM system.columns WHERE database = "+
		ops.String(s.options.Database)+" AND table = "+ops.String(tableLocal))
	if err != nil {
		return nil, err
	}
	have := make(map[string]bool, len(rows))
	for _, row := range rows {
		have[row[0]] = true
	}
	return have, nil
}

func (s *Store) foreign(node string, have map[string]bool) error {
	var lacking []string
	for _, column := range columns() {
		if !have[column.Name] {
			lacking = append(lacking, column.Name)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	return journal.Refusef("table %s on %s is another tool's, not skein's: it has no column %s. "+
		"Give the storage set \"migrations\" another database or cluster in skein.yaml",
		s.table(tableLocal), node, strings.Join(lacking, ", "))
}

// Rows counts the migrations of other groups than system that the rows of the
// nodes which have the table hold to be completed or in progress. Without one,
// tables that some nodes lack are those of a first run that was cut short, or
// of a last one.
func (s *Store) Rows(ctx context.Context) (int, error) {
	total := 0
	for _, node := range s.nodes.Nodes(ops.Local) {
		have, err := s.columnsOn(ctx, node.Name())
		if err != nil {
			return 0, err
		}
		if len(have) == 0 {
			continue
		}
		rows, err := s.nodes.Query(ctx, node.Name(), "SELECT toString(count()) FROM "+s.table(tableLocal).SQL()+
			" FINAL WHERE `group` != 'system' AND status != 'not_started'")
		if err != nil {
			return 0, err
		}
		n, err := strconv.Atoi(rows[0][0])
		if err != nil {
			return 0, fmt.Errorf("%s: count of %s: %w", node.Name(), tableLocal, err)
		}
		total += n
	}
	return total, nil
}

// Read returns the newest entry of every migration, from all nodes that
// answer. A shard of which no node answers is an error. barrier makes one
// replica of each shard fetch what it lacks first: for a run that is going to
// decide by it.
func (s *Store) Read(ctx context.Context, barrier bool) (map[journal.Key]journal.Entry, error) {
	entries := map[journal.Key]journal.Entry{}
	for shard, nodes := range s.byShard() {
		answered := false
		var failures []error
		for _, node := range nodes {
			if barrier && !answered && len(nodes) > 1 {
				if _, err := s.nodes.Query(ctx, node.Name(), "SYSTEM SYNC REPLICA "+s.table(tableLocal).SQL()); err != nil {
					failures = append(failures, err)
					continue
				}
			}
			found, err := s.readNode(ctx, node.Name())
			if err != nil {
				failures = append(failures, err)
				continue
			}
			answered = true
			s.merge(entries, found, shard)
		}
		if !answered {
			return nil, journal.Refusef("the state cannot be read, no replica of shard %d answers: %w",
				shard, errors.Join(failures...))
		}
	}
	return entries, nil
}

func (s *Store) merge(entries map[journal.Key]journal.Entry, found []journal.Entry, shard int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, entry := range found {
		if have, ok := entries[entry.Key]; !ok || entry.Version > have.Version {
			entries[entry.Key] = entry
			s.shards[entry.Group] = shard
		}
	}
}

func (s *Store) byShard() map[int][]journal.Node {
	out := map[int][]journal.Node{}
	for _, node := range s.nodes.Nodes(ops.Local) {
		out[node.Shard] = append(out[node.Shard], node)
	}
	return out
}

func (s *Store) readNode(ctx context.Context, node string) ([]journal.Entry, error) {
	rows, err := s.nodes.Query(ctx, node, "SELECT `group`, migration_id, toString(toUnixTimestamp(timestamp)), toString(status), "+
		"toString(version), direction, run_id, toString(epoch), toString(step), toString(steps), step_hash, "+
		// Names of nodes have no comma: host:port.
		"arrayStringConcat(pending_nodes, ','), note, checksum, applied_by, error, "+
		"toString(duration_ms), backward FROM "+s.table(tableLocal).SQL()+" FINAL")
	if err != nil {
		return nil, err
	}
	entries := make([]journal.Entry, len(rows))
	for i, row := range rows {
		if entries[i], err = parse(row); err != nil {
			return nil, fmt.Errorf("%s: state row of %s/%s: %w", node, row[0], row[1], err)
		}
	}
	return entries, nil
}

func parse(row []string) (journal.Entry, error) {
	var failures []error
	number := func(text string) uint64 {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			failures = append(failures, err)
		}
		return n
	}
	entry := journal.Entry{
		Key:       journal.Key{Group: row[0], ID: row[1]},
		Timestamp: time.Unix(int64(number(row[2])), 0),
		Status:    journal.Status(row[3]),
		Version:   number(row[4]),
		Direction: journal.Direction(row[5]), RunID: row[6], Epoch: number(row[7]),
		Step: int(number(row[8])), Steps: int(number(row[9])), StepHash: row[10],
		Note: row[12], Checksum: row[13], AppliedBy: row[14], Error: row[15],
		Duration: time.Duration(number(row[16])) * time.Millisecond,
		Backward: row[17],
	}
	if row[11] != "" {
		entry.PendingNodes = strings.Split(row[11], ",")
	}
	switch entry.Status {
	case journal.Completed, journal.InProgress, journal.NotStarted:
	default:
		failures = append(failures, fmt.Errorf("unknown status %q", row[3]))
	}
	return entry, errors.Join(failures...)
}

// Write makes entries of one group durable, as one insert: on a majority of
// the shard's replicas, at least 2 where there are 2. An insert whose outcome
// is unknown is repeated as it was, which the server drops if it has it. An
// error means that the rows may not be there.
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
	if durable && !s.options.SingleNode && len(nodes) > 1 {
		quorum = len(nodes)/2 + 1
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
	try := func() (struct{}, error) {
		var failures []error
		for range nodes {
			err := s.nodes.Insert(ctx, nodes[next%len(nodes)].Name(), s.table(tableLocal), names, rows(), quorum)
			if err == nil {
				return struct{}{}, nil
			}
			failures = append(failures, err)
			next++
			if !s.options.Unknown(err) && !s.options.TryAgain(err) {
				return struct{}{}, backoff.Permanent(err)
			}
		}
		return struct{}{}, errors.Join(failures...)
	}
	_, err = backoff.Retry(ctx, try, backoff.WithMaxElapsedTime(s.options.WriteLimit))
	if err != nil {
		return fmt.Errorf("write the state of %s: %w", entries[0].Key, err)
	}
	return nil
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
		uint64(e.Duration / time.Millisecond), e.Backward,
	}
}

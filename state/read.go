package state

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// Rows counts the migrations of other groups than system that the rows of the
// nodes which have the table hold to be completed or in progress. Without one,
// tables that some nodes lack are those of a first run that was cut short, or
// of a last one.
func (s *Store) Rows(ctx context.Context) (int, error) {
	nodes := s.nodes.Nodes(ops.Local)
	counts, failures := make([]int, len(nodes)), make([]error, len(nodes))
	s.together(len(nodes), func(i int) { counts[i], failures[i] = s.rowsOn(ctx, nodes[i].Name()) })
	total := 0
	for i := range nodes {
		if failures[i] != nil {
			return 0, failures[i]
		}
		total += counts[i]
	}
	return total, nil
}

func (s *Store) rowsOn(ctx context.Context, node string) (int, error) {
	have, err := s.layoutOn(ctx, node)
	if err != nil || !have.exists() {
		return 0, err
	}
	rows, err := s.nodes.Query(ctx, node, "SELECT toString(count()) FROM "+s.table(tableLocal).SQL()+
		" FINAL WHERE `group` != 'system' AND status != 'not_started'")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(rows[0][0])
	if err != nil {
		return 0, fmt.Errorf("%s: count of %s: %w", node, tableLocal, err)
	}
	return n, nil
}

// Read returns the newest entry of every migration, from all nodes that
// answer. A shard of which no node answers is an error, and so are a row that
// makes no sense and two rows that cannot both be the newest. barrier makes one
// replica of each shard fetch what it lacks first: for a run that is going to
// decide by it.
func (s *Store) Read(ctx context.Context, barrier bool) (map[journal.Key]journal.Entry, error) {
	newest := map[journal.Key][]found{}
	shards := s.byShard()
	numbers := slices.Sorted(maps.Keys(shards))
	read, failures := make([][]nodeRows, len(numbers)), make([]error, len(numbers))
	silent := make([][]journal.NoAnswer, len(numbers))
	s.together(len(numbers), func(i int) { read[i], silent[i], failures[i] = s.readShard(ctx, shards[numbers[i]], barrier) })
	none := slices.Concat(silent...)
	s.silent.Store(&none)
	for i, number := range numbers {
		if failures[i] != nil {
			return nil, journal.Refusef("the state cannot be read, no replica of shard %d answers: %w", number, failures[i])
		}
		for _, have := range read[i] {
			if err := merge(newest, have.rows, have.node); err != nil {
				return nil, s.corrupt(have.node.Name() + "  " + err.Error())
			}
		}
	}
	entries, err := s.decide(newest, barrier)
	if err != nil || !barrier {
		return entries, err
	}
	for key, entry := range entries {
		// While system's own tables are made or dropped it may be missing.
		if key.Group != migration.System && entry.Status != journal.NotStarted {
			return entries, s.checkDist(ctx)
		}
	}
	return entries, nil
}

// AllAnswered says that the last Read had an answer of every node, so that it missed no
// row.
func (s *Store) AllAnswered() bool {
	silent := s.silent.Load()
	return silent != nil && len(*silent) == 0 && len(s.options.LeftOut) == 0
}

// Silent are the nodes that did not answer the last Read, and why.
func (s *Store) Silent() []journal.NoAnswer {
	if silent := s.silent.Load(); silent != nil {
		return *silent
	}
	return nil
}

// nodeRows is what one node has.
type nodeRows struct {
	node journal.Node
	rows [][]string
}

// readShard reads all replicas of a shard that answer, one after another: behind a barrier
// the first of them has to catch up. None answering is an error.
func (s *Store) readShard(ctx context.Context, nodes []journal.Node, barrier bool) (read []nodeRows, silent []journal.NoAnswer, err error) {
	// One that is left alone needs the barrier most: it may have come back old, and
	// the newer rows be on the replica that is left out.
	_, replicas := s.quorum(nodes)
	var failures []error
	failed := func(node journal.Node, err error) {
		failures = append(failures, err)
		silent = append(silent, journal.NoAnswer{Node: node.Name(), Why: why(err)})
	}
	for _, node := range nodes {
		if barrier && len(read) == 0 && replicas > 1 {
			if err := s.catchUp(ctx, node); err != nil {
				failed(node, err)
				continue
			}
		}
		rows, err := s.readNode(ctx, node.Name())
		if err != nil {
			failed(node, err)
			continue
		}
		read = append(read, nodeRows{node, rows})
	}
	if len(read) == 0 {
		return nil, silent, errors.Join(failures...)
	}
	return read, silent, nil
}

// catchUp makes a replica fetch the rows that it lacks. Where the one that has
// them is away, it would wait for that for ever.
func (s *Store) catchUp(ctx context.Context, node journal.Node) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.WriteLimit)
	defer cancel()
	if _, err := s.nodes.Query(ctx, node.Name(), "SYSTEM SYNC REPLICA "+s.table(tableLocal).SQL()); err != nil {
		return fmt.Errorf("fetch what the other replicas have: %w", err)
	}
	lacks, err := s.lacks(ctx, node)
	if err == nil && lacks > 0 {
		err = fmt.Errorf("%s has yet to fetch %d parts of %s from another replica: what it has may be old", node.Name(), lacks, tableLocal)
	}
	return err
}

// lacks is how many parts a replica has yet to fetch, as ZooKeeper has it. A
// replica that was just killed and started has not read its queue for ten seconds,
// until its former session has run out. It then says that it is neither read-only
// nor has anything in its queue, and SYNC REPLICA has nothing to wait for, also
// where it came back old (seen on 18.16).
func (s *Store) lacks(ctx context.Context, node journal.Node) (int, error) {
	rows, err := s.nodes.Query(ctx, node.Name(), "SELECT replica_path FROM system.replicas WHERE database = "+
		ops.String(s.options.Database)+" AND table = "+ops.String(tableLocal))
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	rows, err = s.nodes.Query(ctx, node.Name(), "SELECT value FROM system.zookeeper WHERE path = "+ops.String(rows[0][0]+"/queue"))
	if err != nil {
		return 0, fmt.Errorf("read what %s has yet to fetch: %w", node.Name(), err)
	}
	fetches := 0
	for _, row := range rows {
		if strings.Contains(row[0], "\nget\n") { // merges change no rows
			fetches++
		}
	}
	return fetches, nil
}

// found is a row as a node has it.
type found struct {
	row     []string
	version uint64
	node    journal.Node
}

// merge keeps, of each migration, the rows with the highest version that are
// not the same.
func merge(newest map[journal.Key][]found, rows [][]string, node journal.Node) error {
	for _, row := range rows {
		version, err := strconv.ParseUint(row[columnVersion], 10, 64)
		if err != nil {
			return fmt.Errorf("the version of %s/%s: %w", row[0], row[1], err)
		}
		key := journal.Key{Group: row[0], ID: row[1]}
		have := newest[key]
		switch {
		case len(have) == 0 || version > have[0].version:
			newest[key] = []found{{row, version, node}}
		case version == have[0].version && !slices.ContainsFunc(have, func(f found) bool { return slices.Equal(f.row, row) }):
			newest[key] = append(have, found{row, version, node})
		}
	}
	return nil
}

// decide makes entries of the rows that count. All that cannot be decided by is
// said at once.
func (s *Store) decide(newest map[journal.Key][]found, strict bool) (map[journal.Key]journal.Entry, error) {
	entries := make(map[journal.Key]journal.Entry, len(newest))
	var wrong []string
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, rows := range newest {
		entry, err := parse(rows[0].row)
		switch {
		case len(rows) > 1:
			err = s.contradiction(key, rows)
		case err == nil && strict:
			err = readable(entry)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s  %s: %s", rows[0].node.Name(), key, err))
			continue
		}
		entries[key] = entry
		s.shards[key.Group] = rows[0].node.Shard
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return nil, s.corrupt(wrong...)
	}
	return entries, nil
}

// columnVersion is where readNode has the version.
const columnVersion = 4

// readNode reads the newest row of each migration, and what is beside it:
// FINAL would show one of two rows with the same version, and hide the other.
// That holds as long as the server has not merged them into one.
func (s *Store) readNode(ctx context.Context, node string) ([][]string, error) {
	return s.nodes.Query(ctx, node, "SELECT DISTINCT `group`, migration_id, toString(toUnixTimestamp(timestamp)), toString(status), "+
		"toString(version), direction, run_id, toString(epoch), toString(step), toString(steps), step_hash, "+
		// Names of nodes have no comma: host:port.
		"arrayStringConcat(pending_nodes, ','), note, checksum, applied_by, error, "+
		"toString(duration_ms), backward FROM "+s.table(tableLocal).SQL()+
		" ORDER BY version DESC LIMIT 2 BY `group`, migration_id")
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
	return entry, errors.Join(append(failures, sensible(entry))...)
}

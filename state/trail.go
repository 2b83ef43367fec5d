package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// trailLimit bounds what one node is asked of the audit trail: a frozen one is
// left out.
const trailLimit = 10 * time.Second

// Runs reads how the newest runs went, at most limit of them (0: all), in the
// group alone if one is named: what the runs did to which migrations, and the
// statements that they sent without their texts, in the order of the runs'
// events. It reads every node: a row is on the replicas of one shard, whichever
// took it. Nodes that do not answer are left out and named; none answering is
// an error.
func (s *Store) Runs(ctx context.Context, group string, limit int) ([]journal.Record, []journal.NoAnswer, error) {
	where := ""
	if group != "" {
		where = " WHERE `group` = " + ops.String(group)
	}
	most := ""
	if limit > 0 {
		most = fmt.Sprintf(" LIMIT %d", limit)
	}
	ids, silent, err := s.newest(ctx, "SELECT run_id, toString(toUnixTimestamp(max(timestamp))) AS last FROM "+s.table(stepsLocal).SQL()+
		where+" GROUP BY run_id ORDER BY last DESC, run_id DESC"+most, limit)
	if err != nil || len(ids) == 0 {
		return nil, silent, err
	}
	told := []string{string(journal.TrailSent), string(journal.TrailStarted), string(journal.TrailFinished), string(journal.TrailMarked), string(journal.TrailStopped)}
	rows, more, err := s.records(ctx, "if(outcome = 'run started', statement, '')",
		"run_id IN ("+literals(ids)+") AND (outcome LIKE 'run %' OR outcome IN ("+literals(told)+"))")
	return rows, union(silent, more), err
}

// Story reads all that runs did to one migration, and what they said of
// themselves, in order. Nodes are read as by Runs.
func (s *Store) Story(ctx context.Context, key journal.Key) ([]journal.Record, []journal.NoAnswer, error) {
	this := "`group` = " + ops.String(key.Group) + " AND migration_id = " + ops.String(key.ID)
	ids, silent, err := s.newest(ctx, "SELECT run_id, toString(toUnixTimestamp(max(timestamp))) FROM "+s.table(stepsLocal).SQL()+
		" WHERE "+this+" GROUP BY run_id", 0)
	if err != nil || len(ids) == 0 {
		return nil, silent, err
	}
	rows, more, err := s.records(ctx, "statement",
		"run_id IN ("+literals(ids)+") AND ("+this+" OR `group` = '' OR outcome LIKE 'run %')")
	return rows, union(silent, more), err
}

// newest are the IDs of runs, the newest first, of what every node has.
func (s *Store) newest(ctx context.Context, sql string, limit int) ([]string, []journal.NoAnswer, error) {
	found, silent, err := s.fromAll(ctx, sql)
	if err != nil {
		return nil, silent, err
	}
	last := map[string]int{}
	for _, row := range found {
		at, err := strconv.Atoi(row[1])
		if err != nil {
			return nil, silent, fmt.Errorf("audit trail: time of run %s: %w", row[0], err)
		}
		last[row[0]] = max(last[row[0]], at)
	}
	ids := slices.SortedFunc(maps.Keys(last), func(a, b string) int {
		return cmp.Or(cmp.Compare(last[b], last[a]), cmp.Compare(b, a))
	})
	if limit > 0 && len(ids) > limit {
		ids = ids[:limit]
	}
	return ids, silent, nil
}

// records reads rows, each once: replicas have the same ones, and so have two
// shards after an insert of which it was not known whether it landed.
func (s *Store) records(ctx context.Context, statement, where string) ([]journal.Record, []journal.NoAnswer, error) {
	found, silent, err := s.fromAll(ctx, "SELECT `group`, migration_id, run_id, toString(seq), toString(toUnixTimestamp(timestamp)), direction, "+
		"toString(step), node, outcome, toString(code), error, "+statement+", toString(duration_ms) FROM "+s.table(stepsLocal).SQL()+
		" WHERE "+where)
	if err != nil {
		return nil, silent, err
	}
	seen := map[string]bool{}
	var out []journal.Record
	for _, row := range found {
		if id := strings.Join(row, "\x00"); !seen[id] {
			seen[id] = true
			record, err := recordOf(row)
			if err != nil {
				return nil, silent, fmt.Errorf("audit trail: row of run %s: %w", row[2], err)
			}
			out = append(out, record)
		}
	}
	slices.SortFunc(out, func(a, b journal.Record) int {
		// Of one event, its nodes come before what it says of them all.
		return cmp.Or(cmp.Compare(a.RunID, b.RunID), cmp.Compare(a.Seq, b.Seq),
			cmp.Compare(boolean(a.Node == ""), boolean(b.Node == "")), cmp.Compare(a.Node, b.Node))
	})
	return out, silent, nil
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

func recordOf(row []string) (journal.Record, error) {
	var failures []error
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			failures = append(failures, err)
		}
		return n
	}
	record := journal.Record{
		Key: journal.Key{Group: row[0], ID: row[1]}, RunID: row[2], Seq: number(row[3]), At: time.Unix(int64(number(row[4])), 0),
		Direction: journal.Direction(row[5]), Step: number(row[6]), Node: row[7], Outcome: journal.Outcome(row[8]),
		Code: number(row[9]), Error: row[10], Statement: row[11], Duration: time.Duration(number(row[12])) * time.Millisecond,
	}
	return record, errors.Join(failures...)
}

// rowsOf has the values of stepColumns.
func rowsOf(records []journal.Record) [][]any {
	rows := make([][]any, len(records))
	for i, r := range records {
		rows[i] = []any{
			r.Group, r.ID, r.At, r.RunID, string(r.Direction), uint32(r.Step), r.Node, string(r.Outcome), uint32(r.Code),
			r.Error, r.Statement, uint64(max(r.Duration, 0) / time.Millisecond), uint32(r.Seq),
		}
	}
	return rows
}

// fromAll asks every node that has the trail's table, many at once.
func (s *Store) fromAll(ctx context.Context, sql string) ([][]string, []journal.NoAnswer, error) {
	nodes := s.nodes.Nodes(ops.Local)
	found, failures := make([][][]string, len(nodes)), make([]error, len(nodes))
	s.together(len(nodes), func(i int) {
		ctx, cancel := context.WithTimeout(ctx, trailLimit)
		defer cancel()
		has, err := s.hasTrail(ctx, nodes[i].Name())
		if err == nil && has {
			found[i], err = s.nodes.Query(ctx, nodes[i].Name(), sql)
		}
		failures[i] = err
	})
	var silent []journal.NoAnswer
	for i, err := range failures {
		if err != nil {
			silent = append(silent, journal.NoAnswer{Node: nodes[i].Name(), Why: why(err)})
		}
	}
	if len(silent) == len(nodes) {
		return nil, silent, journal.Refusef("the audit trail cannot be read, no node answers: %w", errors.Join(failures...))
	}
	return slices.Concat(found...), silent, nil
}

// why leaves out the node's name, which is said beside it.
func why(err error) string {
	var node *journal.NodeError
	if errors.As(err, &node) {
		err = node.Err
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

func (s *Store) hasTrail(ctx context.Context, node string) (bool, error) {
	rows, err := s.nodes.Query(ctx, node, "SELECT name FROM system.columns WHERE database = "+
		ops.String(s.options.Database)+" AND table = "+ops.String(stepsLocal)+" AND name = 'seq'")
	return len(rows) > 0, err
}

// hasNoTrail says that all nodes answer, and that none has the trail's table.
func (s *Store) hasNoTrail(ctx context.Context) bool {
	return !slices.ContainsFunc(s.nodes.Nodes(ops.Local), func(n journal.Node) bool {
		has, err := s.hasTrail(ctx, n.Name())
		return has || err != nil
	})
}

func literals(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = ops.String(text)
	}
	return strings.Join(quoted, ", ")
}

func union(a, b []journal.NoAnswer) []journal.NoAnswer {
	for _, silent := range b {
		if !slices.ContainsFunc(a, func(s journal.NoAnswer) bool { return s.Node == silent.Node }) {
			a = append(a, silent)
		}
	}
	return a
}

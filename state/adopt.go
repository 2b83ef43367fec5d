package state

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// adoptionPause is between two looks at replicas that get columns from a neighbour.
const adoptionPause = 200 * time.Millisecond

// Addition is a statement that makes a table of Snuba's one of skein's, and the
// node that it is sent to. Replicas hand it on to each other.
type Addition struct{ Node, SQL string }

// Found is what is in a table that is not skein's yet.
type Found struct {
	Completed map[string]int // by group
	// Additions are empty where the columns are there.
	Additions []Addition
}

// Adoptable looks at a migrations_local that Snuba made, and says what has to be
// added. A table that is anything else, or that some node lacks, is refused, and
// so are migrations in progress: what was done of them only Snuba knows. Nothing
// is changed.
func (s *Store) Adoptable(ctx context.Context) (Found, error) {
	found := Found{Completed: map[string]int{}}
	var wrong []string
	asked := map[string]bool{} // paths in ZooKeeper
	newest := map[journal.Key]snubaRow{}
	for _, node := range s.nodes.Nodes(ops.Local) {
		have, err := s.layoutOn(ctx, node.Name())
		if err != nil {
			return found, journal.Refusef("every node has to answer, nothing was changed: %w", err)
		}
		if !have.exists() {
			wrong = append(wrong, node.Name()+"  has no "+tableLocal)
			continue
		}
		addition := s.addition(tableLocal, have.types, asked[have.path] && have.path != "")
		asked[have.path] = asked[have.path] || addition != ""
		for _, problem := range s.problems(completed(have), len(s.byShard()[node.Shard]) > 1) {
			wrong = append(wrong, node.Name()+"  "+problem)
		}
		if addition != "" {
			found.Additions = append(found.Additions, Addition{node.Name(), addition})
		}
		if len(wrong) == 0 {
			if err := s.snubaRows(ctx, node.Name(), newest); err != nil {
				return found, err
			}
		}
	}
	if len(wrong) > 0 {
		return found, journal.Refusef("%s is not as Snuba makes it, nothing was changed\n  %s", s.table(tableLocal), strings.Join(wrong, "\n  "))
	}
	additions, err := s.distAdditions(ctx)
	found.Additions = append(found.Additions, additions...)
	if err != nil {
		return found, err
	}
	return found, count(newest, found.Completed)
}

// snubaRow is a row in the columns that Snuba has, too.
type snubaRow struct {
	status  journal.Status
	version uint64
	ours    bool // written by skein: after an adoption that was cut short
}

func (s *Store) snubaRows(ctx context.Context, node string, newest map[journal.Key]snubaRow) error {
	rows, err := s.nodes.Query(ctx, node, "SELECT `group`, migration_id, toString(status), toString(version) FROM "+s.table(tableLocal).SQL()+" FINAL")
	if err != nil {
		return err
	}
	for _, row := range rows {
		version, err := strconv.ParseUint(row[3], 10, 64)
		if err != nil {
			return fmt.Errorf("the version of %s/%s: %w", row[0], row[1], err)
		}
		key := journal.Key{Group: row[0], ID: row[1]}
		if now, seen := newest[key]; !seen || now.version < version {
			newest[key] = snubaRow{journal.Status(row[2]), version, journal.EpochOf(version) > 0}
		}
	}
	return nil
}

// count counts what is completed, and refuses what Snuba has left half-way.
func count(newest map[journal.Key]snubaRow, completed map[string]int) error {
	var halfway []string
	for key, row := range newest {
		switch {
		case row.status == journal.Completed:
			completed[key.Group]++
		case row.status == journal.InProgress && !row.ours:
			halfway = append(halfway, key.String())
		}
	}
	if len(halfway) == 0 {
		return nil
	}
	slices.Sort(halfway)
	return journal.Refusef("Snuba has left %s in progress, and only Snuba knows what of it is done: "+
		"snuba migrations reverse-in-progress first. Nothing was changed", strings.Join(halfway, ", "))
}

// completed is a layout with the columns that can be added.
func completed(have layout) layout {
	have.types = maps.Clone(have.types)
	for i, column := range columns() {
		if _, there := have.types[column.Name]; !there && i >= sharedColumns {
			have.types[column.Name] = column.Type
		}
	}
	return have
}

// addition is the ALTER for what a table lacks; empty if nothing, or if a replica
// was asked already.
func (s *Store) addition(name string, types map[string]string, asked bool) string {
	var parts []string
	for i, column := range columns() {
		if _, there := types[column.Name]; !there && i >= sharedColumns {
			parts = append(parts, "ADD COLUMN "+ops.Ident(column.Name)+" "+column.Type)
		}
	}
	if len(parts) == 0 || asked {
		return ""
	}
	return "ALTER TABLE " + s.table(name).SQL() + " " + strings.Join(parts, ", ")
}

// distAdditions are those of migrations_dist, which each query node has for
// itself. One that is not there is made later, as for a new table.
func (s *Store) distAdditions(ctx context.Context) ([]Addition, error) {
	if s.options.SingleNode {
		return nil, nil
	}
	var out []Addition
	for _, node := range s.nodes.Nodes(ops.Distributed) {
		rows, err := s.nodes.Query(ctx, node.Name(), "SELECT 'column', name, type FROM system.columns WHERE database = "+
			ops.String(s.options.Database)+" AND table = "+ops.String(tableDist))
		if err != nil {
			return nil, err
		}
		types := map[string]string{}
		for _, row := range rows {
			types[row[1]] = row[2]
		}
		if sql := s.addition(tableDist, types, false); sql != "" && len(types) > 0 {
			out = append(out, Addition{node.Name(), sql})
		}
	}
	return out, nil
}

// Adopt adds the columns, one node after the other, and waits until every
// replica has them. confirm is called before each statement. It names the tables
// that were Snuba's. What is there already is not added again, so that an
// adoption that was cut short is finished by another.
func (s *Store) Adopt(ctx context.Context, confirm func(context.Context) error) ([]string, error) {
	found, err := s.Adoptable(ctx)
	if err != nil {
		return nil, err
	}
	for _, addition := range found.Additions {
		if err := confirm(ctx); err != nil {
			return nil, err
		}
		if _, err := s.nodes.Query(ctx, addition.Node, addition.SQL); err != nil {
			return nil, fmt.Errorf("adopt %s: %w. Some nodes may have the columns, others not: Snuba goes on with either. "+
				"The same command again adds what is missing", s.table(tableLocal), err)
		}
	}
	return []string{tableLocal, tableDist}, s.awaitColumns(ctx)
}

// awaitColumns waits for replicas that get the columns from a neighbour.
func (s *Store) awaitColumns(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.WriteLimit)
	defer cancel()
	for {
		_, _, err := s.Missing(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not every replica has the columns after %s. The same command again goes on: %w", s.options.WriteLimit, err)
		case <-time.After(adoptionPause):
		}
	}
}

package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Missing lists the nodes that lack a state table, of how many that answer.
// None lacking it is the usual case; all lacking it means that nothing has
// started. A table of that name which is not as skein made it is refused, with
// all that is wrong with it on all nodes. That all nodes have it is taken to be so for a
// second: a run asks before it takes the lock, and then again.
func (s *Store) Missing(ctx context.Context) (missing []string, of int, err error) {
	if last := s.complete.Load(); last != nil && time.Since(*last) < time.Second {
		return nil, len(s.nodes.Nodes(ops.Local)), nil
	}
	asked := time.Now()
	if missing, of, err = s.missing(ctx); err == nil && len(missing) == 0 && of == len(s.nodes.Nodes(ops.Local)) {
		s.complete.Store(&asked)
	}
	return missing, of, err
}

func (s *Store) missing(ctx context.Context) (missing []string, of int, err error) {
	var failures []error
	var wrong []string
	paths := map[int]map[string][]string{} // nodes by shard and path
	nodes, shards := s.nodes.Nodes(ops.Local), s.byShard()
	layouts, errs := make([]layout, len(nodes)), make([]error, len(nodes))
	s.together(len(nodes), func(i int) { layouts[i], errs[i] = s.layoutOn(ctx, nodes[i].Name()) })
	for i, node := range nodes {
		have, err := layouts[i], errs[i]
		if err != nil {
			failures = append(failures, err)
			continue
		}
		of++
		if !have.exists() {
			missing = append(missing, node.Name())
			continue
		}
		if err := s.foreign(node.Name(), have); err != nil {
			return nil, of, err
		}
		for _, problem := range s.problems(have, len(shards[node.Shard]) > 1) {
			wrong = append(wrong, node.Name()+"  "+problem)
		}
		if paths[node.Shard] == nil {
			paths[node.Shard] = map[string][]string{}
		}
		paths[node.Shard][have.path] = append(paths[node.Shard][have.path], node.Name())
	}
	if of == 0 {
		return nil, 0, journal.Refusef("the state cannot be read, no node answers: %w", errors.Join(failures...))
	}
	if len(missing) == of && len(failures) > 0 {
		// Those that do not answer may have it: "nothing started" would be a guess.
		return nil, of, journal.Refusef("the state cannot be read: the nodes that answer have no %s: %w",
			tableLocal, errors.Join(failures...))
	}
	if len(wrong) == 0 {
		wrong = apart(paths)
	}
	if len(wrong) > 0 {
		return nil, of, journal.Refusef("the state table %s is not as skein made it, nothing was changed\n  %s\n"+
			"Mend it by hand on the nodes named, then the same command again",
			s.table(tableLocal), strings.Join(wrong, "\n  "))
	}
	return missing, of, nil
}

// layout is what a node says of its migrations_local.
type layout struct {
	types        map[string]string
	engine, full string // MergeTree; MergeTree() ORDER BY a SETTINGS …
	path         string // in ZooKeeper, macros expanded; empty when not Replicated
}

func (l layout) exists() bool { return l.engine != "" || len(l.types) > 0 }

func (s *Store) layoutOn(ctx context.Context, node string) (layout, error) {
	where := func(name string) string {
		return " WHERE database = " + ops.String(s.options.Database) + " AND " + name + " = " + ops.String(tableLocal)
	}
	rows, err := s.nodes.Query(ctx, node, "SELECT 'column', name, type FROM system.columns"+where("table")+
		" UNION ALL SELECT 'engine', engine, engine_full FROM system.tables"+where("name")+
		// Asks nothing of ZooKeeper.
		" UNION ALL SELECT 'path', replica_name, zookeeper_path FROM system.replicas"+where("table"))
	if err != nil {
		return layout{}, err
	}
	have := layout{types: map[string]string{}}
	for _, row := range rows {
		switch row[0] {
		case "column":
			have.types[row[1]] = row[2]
		case "engine":
			have.engine, have.full = row[1], row[2]
		case "path":
			have.path = row[2]
		}
	}
	return have, nil
}

// foreign refuses a table that has none of skein's own columns: Snuba's, say.
func (s *Store) foreign(node string, have layout) error {
	var lacking []string
	own := false
	for i, column := range columns() {
		_, there := have.types[column.Name]
		if !there {
			lacking = append(lacking, column.Name)
		}
		own = own || there && i >= sharedColumns
	}
	if own {
		return nil
	}
	return journal.Refusef("table %s on %s is another tool's, not skein's: it has no column %s. "+
		"If it is Snuba's: skein import snuba. Or give the storage set \"migrations\" another database or cluster in skein.yaml",
		s.table(tableLocal), node, strings.Join(lacking, ", "))
}

// problems says what of a table of skein's is not as skein made it, and what
// mends it.
func (s *Store) problems(have layout, replicated bool) []string {
	var out []string
	for i, column := range columns() {
		typ, there := have.types[column.Name]
		definition := ops.Ident(column.Name) + " " + column.Type
		switch {
		case there && sameType(typ, column.Type):
		case i < sharedColumns:
			out = append(out, fmt.Sprintf("column %s is %s, and has to be %s: what is decided by it cannot be altered in place. "+
				"Make the table anew and copy its rows", column.Name, orMissing(typ), column.Type))
		case !there:
			out = append(out, fmt.Sprintf("column %s is missing: ALTER TABLE %s ADD COLUMN %s", column.Name, s.table(tableLocal), definition))
		default:
			out = append(out, fmt.Sprintf("column %s is %s: ALTER TABLE %s MODIFY COLUMN %s",
				column.Name, typ, s.table(tableLocal), definition))
		}
	}
	anew := fmt.Sprintf("Move it away (RENAME TABLE %s TO %s_wrong), make it as on a node that has it right (SHOW CREATE TABLE %[1]s), "+
		"and copy its rows", s.table(tableLocal), s.table(tableLocal))
	switch {
	case !strings.HasSuffix(have.engine, string(ops.ReplacingMergeTree)):
		out = append(out, fmt.Sprintf("its engine is %s, and has to be %s(version). %s", have.engine, wantedEngine(replicated), anew))
	case replicated && have.engine == string(ops.ReplacingMergeTree):
		out = append(out, fmt.Sprintf("its engine is %s, which keeps rows from the other replicas. It has to be %s. %s",
			have.engine, wantedEngine(replicated), anew))
	case !decidesByVersion(have.full):
		out = append(out, fmt.Sprintf("it is %s, and has to be %s(… version) ORDER BY (group, migration_id): "+
			"it forgets rows that count. %s", have.full, wantedEngine(replicated), anew))
	}
	return out
}

func wantedEngine(replicated bool) string {
	if replicated {
		return "Replicated" + string(ops.ReplacingMergeTree)
	}
	return string(ops.ReplacingMergeTree)
}

func orMissing(typ string) string {
	if typ == "" {
		return "missing"
	}
	return typ
}

// sameType compares types as servers write them. An Enum may have more values:
// a later skein's, of which each row will tell.
func sameType(have, want string) bool {
	have, want = strings.ReplaceAll(have, " ", ""), strings.ReplaceAll(want, " ", "")
	if have == want {
		return true
	}
	values, isEnum := strings.CutPrefix(want, "Enum8(")
	if !isEnum || !strings.HasPrefix(have, "Enum8(") {
		return false
	}
	all := strings.Split(strings.TrimSuffix(strings.TrimPrefix(have, "Enum8("), ")"), ",")
	for value := range strings.SplitSeq(strings.TrimSuffix(values, ")"), ",") {
		if !slices.Contains(all, value) {
			return false
		}
	}
	return true
}

// decidesByVersion reads engine_full: the last argument is the version, and rows
// replace each other within a migration alone.
func decidesByVersion(full string) bool {
	plain := strings.NewReplacer("`", "", " ", "").Replace(full)
	arguments, rest, found := strings.Cut(plain, ")ORDERBY")
	if !found || !strings.HasPrefix(rest, "(group,migration_id)") {
		return false
	}
	return strings.HasSuffix(arguments, ",version") || strings.HasSuffix(arguments, "(version")
}

// apart finds replicas of one shard that do not share a path, and so no rows.
func apart(paths map[int]map[string][]string) []string {
	var out []string
	for shard, byPath := range paths {
		if len(byPath) < 2 {
			continue
		}
		for path, nodes := range byPath {
			out = append(out, fmt.Sprintf("%s  is of shard %d, and its table is %s in ZooKeeper, where its neighbours are not: "+
				"look at its <macros> and at SHOW CREATE TABLE %s", strings.Join(nodes, ", "), shard, path, tableLocal))
		}
	}
	slices.Sort(out)
	return out
}

// checkDist refuses a migrations_dist that is not over migrations_local. skein
// does not read it; people do, and would be told something else.
func (s *Store) checkDist(ctx context.Context) error {
	if s.options.SingleNode {
		return nil
	}
	var wrong []string
	nodes := s.nodes.Nodes(ops.Distributed)
	answers, errs := make([][][]string, len(nodes)), make([]error, len(nodes))
	s.together(len(nodes), func(i int) {
		answers[i], errs[i] = s.nodes.Query(ctx, nodes[i].Name(), "SELECT engine, engine_full FROM system.tables WHERE database = "+
			ops.String(s.options.Database)+" AND name = "+ops.String(tableDist))
	})
	for i, node := range nodes {
		if errs[i] != nil {
			continue // that all nodes answer is asked elsewhere
		}
		rows := answers[i]
		if len(rows) == 0 {
			wrong = append(wrong, node.Name()+"  has none")
			continue
		}
		arguments := strings.Split(strings.NewReplacer("'", "", "`", "", " ", "").Replace(rows[0][1]), ",")
		if rows[0][0] != "Distributed" || len(arguments) < 3 || arguments[1] != s.options.Database ||
			strings.TrimSuffix(arguments[2], ")") != tableLocal {
			wrong = append(wrong, node.Name()+"  has "+rows[0][1])
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	table := s.table(tableDist)
	return journal.Refusef("%s shows another state than %s, nothing was changed\n  %s\n"+
		"On these nodes: DROP TABLE IF EXISTS %[1]s, then CREATE TABLE %[1]s AS %[2]s ENGINE = Distributed('%[4]s', %[5]s, %[6]s, cityHash64(`group`))",
		table, s.table(tableLocal), strings.Join(wrong, "\n  "), s.options.Cluster, ops.String(s.options.Database), ops.String(tableLocal))
}

package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/journal"
)

// replicaRow is what one node says of its replica of one table.
type replicaRow struct {
	node            string
	path            string
	active, total   int
	readOnly        bool
	sessionExpired  bool
	idle            bool // see idleDelay
	database, table string
	folder          string // of its data, where that is another table's; see displaced
}

// InactiveReplicas lists the replicated tables on nodes that have fewer active
// than total replicas, or a replica that is read-only, has lost its session, or has not
// begun to replicate, and says how many tables were looked at. Nodes that do not answer count as
// inactive, once their sessions have run out. only restricts it to "database.table"
// names; nil means all. emit is told what is waited for; nil: nobody.
func (c *Cluster) InactiveReplicas(ctx context.Context, nodes []journal.Node, only map[string]bool, emit journal.Sink) ([]journal.InactiveReplica, int, error) {
	var bad []journal.InactiveReplica
	checked := 0
	began := time.Now()
	looked := false
	wait := await.Wait{Emit: emit, Pause: 500 * time.Millisecond, Asking: func() string { return "which replicas " + few(journal.Names(nodes)) + " have" }}
	err := wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		rows, silent := c.replicasOf(ctx, nodes, only)
		if len(silent) == len(nodes) && len(nodes) > 0 {
			return await.Look{}, journal.Refusef("cluster %q: read system.replicas: %w", c.options.Name, first(nodes, silent))
		}
		bad, checked = c.inactive(rows, silent), len(rows)
		if !looked && anyIdle(rows) {
			looked = true // it may have been made just now
			return await.Look{Reason: "a replica has not begun to replicate, all are looked at again"}, nil
		}
		// A node that has just crashed still counts as active until its session
		// has run out (5.4 s seen): which tables it served shows only then.
		over := time.Since(began) > sessionWait
		if over && len(bad) == 0 {
			bad = c.silentOnly(silent)
		}
		names := strings.Join(slices.Sorted(maps.Keys(silent)), ", ")
		return await.Look{
			Done:   len(silent) == 0 || len(bad) > 0 || over,
			Reason: names + " does not answer: what it served shows when its session with ZooKeeper has run out, in at most " + sessionWait.String(),
		}, nil
	})
	return bad, checked, err
}

// sessionWait is longer than the session timeouts that servers are run with.
const sessionWait = 12 * time.Second

func (c *Cluster) replicasOf(ctx context.Context, nodes []journal.Node, only map[string]bool) (map[string][]replicaRow, map[string]error) {
	var mu sync.Mutex
	byTable := map[string][]replicaRow{}
	silent := c.each(ctx, nodes, func(ctx context.Context, node journal.Node) error {
		ctx, cancel := context.WithTimeout(ctx, lookTimeout)
		defer cancel()
		found, err := c.replicaRows(ctx, node.Name())
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, row := range found {
			if name := row.database + "." + row.table; only == nil || only[name] {
				byTable[name] = append(byTable[name], row)
			}
		}
		return nil
	})
	return byTable, silent
}

// anyIdle says that a replica has not begun to replicate.
func anyIdle(byTable map[string][]replicaRow) bool {
	for _, rows := range byTable {
		if slices.ContainsFunc(rows, func(r replicaRow) bool { return r.idle }) {
			return true
		}
	}
	return false
}

func (c *Cluster) inactive(byTable map[string][]replicaRow, silent map[string]error) []journal.InactiveReplica {
	var out []journal.InactiveReplica
	for _, name := range slices.Sorted(maps.Keys(byTable)) {
		if t, bad := c.judge(byTable[name], silent); bad {
			out = append(out, t)
		}
	}
	return out
}

// silentOnly is what is left to say of nodes that do not answer and hold no
// replica that another node knows of.
func (c *Cluster) silentOnly(silent map[string]error) []journal.InactiveReplica {
	if len(silent) == 0 {
		return nil
	}
	out := journal.InactiveReplica{Cluster: c.options.LocalCluster}
	for _, node := range slices.Sorted(maps.Keys(silent)) {
		out.Nodes = append(out.Nodes, silentDetail(node, silent[node]))
	}
	return []journal.InactiveReplica{out}
}

func silentDetail(node string, err error) journal.InactiveDetail {
	if code := codeOf(err); code != 0 { // it answers, but has lost ZooKeeper (999 seen)
		return journal.InactiveDetail{Node: node, Why: fmt.Sprintf("cannot read its replicas: %d %s", code, oneLine(unwrapNode(err)))}
	}
	return journal.InactiveDetail{Node: node, Why: "does not answer: " + oneLine(unwrapNode(err))}
}

// judge adds up a table's replica sets and names what is wrong on which node.
func (c *Cluster) judge(rows []replicaRow, silent map[string]error) (journal.InactiveReplica, bool) {
	out := journal.InactiveReplica{Cluster: c.options.LocalCluster, Database: rows[0].database, Table: rows[0].table}
	slices.SortFunc(rows, func(a, b replicaRow) int { return strings.Compare(a.node, b.node) })
	// Nodes of one path agree about it, save one that has lost its session: of
	// the others, the lowest number of active replicas counts.
	sets := map[string]replicaSet{}
	for _, row := range rows {
		if why := row.why(); why != "" {
			detail := journal.InactiveDetail{Node: row.node, Why: why}
			if row.folder != "" && !row.readOnly && !row.sessionExpired {
				detail.Remedy = putBack(row.database, row.table, row.folder)
			}
			out.Nodes = append(out.Nodes, detail)
		}
		s, seen := sets[row.path]
		switch {
		case row.sessionExpired:
		case !seen || s.total == 0 || row.active < s.active:
			s.active = row.active
		}
		s.total = max(s.total, row.total)
		s.nodes = append(s.nodes, row.node)
		if row.idle {
			s.idle++
		}
		sets[row.path] = s
	}
	for _, s := range sets {
		s.active = max(min(s.active, s.total-s.idle), 0)
		if c.explained(s) {
			s.total = s.active
		}
		out.Active += s.active
		out.Total += s.total
	}
	bad := out.Active < out.Total || len(out.Nodes) > 0
	if out.Active < out.Total {
		for _, node := range slices.Sorted(maps.Keys(silent)) {
			out.Nodes = append(out.Nodes, silentDetail(node, silent[node]))
		}
	}
	return out, bad
}

// replicaSet is what the nodes of one path say of it.
type replicaSet struct {
	active, total int
	idle          int // of those that count as active, at most
	nodes         []string
}

// explained says that all replicas that a set lacks can be those of nodes which
// the run goes on without: each node that answers has its own active.
func (c *Cluster) explained(s replicaSet) bool {
	if len(c.leftLocal) == 0 {
		return false // asked of each table of each shard: that must not look at all nodes
	}
	shards := map[int]bool{}
	for _, node := range c.local {
		shards[node.Shard] = shards[node.Shard] || slices.Contains(s.nodes, node.Name())
	}
	left := 0
	for _, node := range c.leftLocal {
		if shards[node.Shard] {
			left++
		}
	}
	return s.active >= len(s.nodes) && s.total-s.active <= left
}

func (r replicaRow) why() string {
	var why []string
	if r.readOnly {
		why = append(why, "read-only")
	}
	if r.sessionExpired {
		why = append(why, "session expired")
	}
	if r.idle {
		why = append(why, "has not begun to replicate since its server was started: wait for it")
	}
	if r.folder != "" {
		why = append(why, "its data are in the folder of "+r.folder+
			", where a RENAME that was cut off has left them: a restart of the server would not find them")
	}
	return strings.Join(why, ", ")
}

// idleDelay is in seconds. A replica that has never read its queue says that it lags by the
// time since 1970 (seen on both). On 18.16 it is the only sign of one that was started
// before the session of its killed server was over: that session holds it active for all,
// itself too, and it looks again only ten seconds later.
const idleDelay = "1000000000"

const (
	ofReplicas = "SELECT database, table, zookeeper_path, toString(active_replicas), toString(total_replicas), " +
		"toString(is_readonly), toString(is_session_expired), toString(absolute_delay > " + idleDelay + ")%s FROM system.replicas"
	withFolders = " ANY LEFT JOIN (SELECT database, name AS table, data_path FROM system.tables WHERE engine LIKE 'Replicated%') USING database, table"
)

// replicaRows asks a server for where data are, too, that names a table's folder after the
// table (it has one data_path: from 18.12 on, to 19.14).
func (c *Cluster) replicaRows(ctx context.Context, node string) ([]replicaRow, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return nil, err
	}
	query, folders := fmt.Sprintf(ofReplicas, ""), facts.columns["tables"]["data_path"]
	if folders {
		query = fmt.Sprintf(ofReplicas, ", data_path") + withFolders
	}
	rows, err := c.Query(ctx, node, query)
	if err != nil {
		return nil, err
	}
	out := make([]replicaRow, len(rows))
	for i, row := range rows {
		out[i] = replicaRow{
			node: node, database: row[0], table: row[1], path: row[2],
			readOnly: row[5] == "1", sessionExpired: row[6] == "1",
		}
		if folders {
			out[i].folder = displaced(row[1], row[8])
		}
		out[i].idle = row[7] == "1" && !out[i].readOnly && !out[i].sessionExpired
		if out[i].active, err = strconv.Atoi(row[3]); err != nil {
			return nil, fmt.Errorf("%s: active_replicas of %s.%s: %w", node, row[0], row[1], err)
		}
		if out[i].total, err = strconv.Atoi(row[4]); err != nil {
			return nil, fmt.Errorf("%s: total_replicas of %s.%s: %w", node, row[0], row[1], err)
		}
	}
	return out, nil
}

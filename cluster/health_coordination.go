package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/ops"
)

// queues reads what waits to be replicated, without asking ZooKeeper: it is told
// also where that is away.
func (e *examination) queues(ctx context.Context, n *doctor.Node) error {
	rows, err := e.cluster.Query(ctx, n.Name,
		"SELECT 'queue', database, table, toString(queue_size), "+
			"toString(toInt64(toUnixTimestamp(now())) - toInt64(toUnixTimestamp(queue_oldest_time))), toString(absolute_delay), '', '' "+
			"FROM system.replicas UNION ALL "+
			"SELECT 'oldest', database, table, type, new_part_name, toString(num_tries), last_exception, postpone_reason FROM "+
			"(SELECT * FROM system.replication_queue ORDER BY create_time LIMIT 1 BY database, table)")
	if err != nil {
		return err
	}
	reasons := map[string]string{}
	for _, row := range rows {
		if row[0] == "oldest" {
			reasons[row[1]+"."+row[2]] = whyQueued(row)
		}
	}
	for _, row := range rows {
		if row[0] != "queue" {
			continue
		}
		numbers := make([]int64, 3)
		for i := range numbers {
			if numbers[i], err = strconv.ParseInt(row[i+3], 10, 64); err != nil {
				return fmt.Errorf("read the replication queue of %s.%s: %w", row[1], row[2], err)
			}
		}
		q := doctor.Queue{Table: row[1] + "." + row[2], Length: int(numbers[0]), Delay: since(numbers[2])}
		if q.Length > 0 {
			q.Oldest, q.Why = since(numbers[1]), reasons[q.Table]
		}
		n.Queues = append(n.Queues, q)
	}
	return nil
}

// since is an age in seconds. A server that has no time to tell gives 1970's.
func since(seconds int64) time.Duration {
	const years = 20 * 365 * 24 * 3600
	if seconds < 0 || seconds > years {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

func whyQueued(row []string) string {
	text := strings.TrimSpace(row[3] + " " + row[4])
	if row[5] != "0" {
		text += ", tried " + row[5] + " times"
	}
	for _, why := range []string{row[6], row[7]} {
		if why != "" {
			return text + ": " + cut(oneLine(errors.New(why)), 200)
		}
	}
	return text
}

// coordination measures one question that the node has to ask ZooKeeper or Keeper.
func (e *examination) coordination(ctx context.Context, n *doctor.Node) error {
	// The connection is made before the clock runs.
	if err := e.cluster.pool(n.Name).Ping(ctx); err != nil {
		return err
	}
	began := time.Now()
	_, err := e.cluster.Query(ctx, n.Name, "SELECT count() FROM system.zookeeper WHERE path = '/'")
	n.Coordination.Latency = time.Since(began)
	switch {
	case err == nil:
	case hasCode(err, codeAccessDenied):
		n.Coordination.None = "the user may not read system.zookeeper"
	case hasCode(err, codeUnknownTable):
		n.Coordination.None = "the server has no system.zookeeper"
	default:
		n.Coordination.Problem = e.why(err)
	}
	return nil
}

// entriesLooked is at how many of the newest entries of the DDL queue is looked:
// servers keep a thousand, and each takes a question.
const entriesLooked = 100

// ddl finds the entries that not all nodes have finished, oldest first.
func (e *examination) ddl(ctx context.Context) doctor.DDL {
	c := e.cluster
	switch {
	case c.options.SingleNode:
		return doctor.DDL{None: "a single node needs no distributed DDL"}
	case c.options.Direct:
		return doctor.DDL{None: "ddl: direct uses no distributed DDL"}
	}
	out := doctor.DDL{Problem: "no node answers"}
	for _, node := range c.All() {
		found, err := e.ddlBy(ctx, node.Name())
		switch {
		case err == nil, isNoZooKeeperNode(err): // nothing was ever put into it
			return found
		case cannotSeeZooKeeper(err):
			return doctor.DDL{None: "system.zookeeper cannot be read"}
		}
		out.Problem = node.Name() + ": " + e.why(err)
	}
	return out
}

func (e *examination) ddlBy(ctx context.Context, node string) (doctor.DDL, error) {
	ctx, cancel := e.within(ctx)
	defer cancel()
	q := e.cluster.queue()
	rows, err := e.cluster.Query(ctx, node, "SELECT name, value, toString(toInt64(toUnixTimestamp(now())) - toInt64(toUnixTimestamp(ctime))) "+
		"FROM system.zookeeper WHERE path = "+ops.String(q.path)+" AND name LIKE 'query-%' ORDER BY name DESC LIMIT "+strconv.Itoa(entriesLooked))
	if err != nil {
		return doctor.DDL{}, err
	}
	out := doctor.DDL{Looked: len(rows)}
	for _, row := range slices.Backward(rows) {
		finished, err := q.finished(ctx, node, q.path+"/"+row[0])
		if isNoZooKeeperNode(err) {
			continue // cleaned up in the meantime
		}
		if err != nil {
			return doctor.DDL{}, err
		}
		age, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			return doctor.DDL{}, fmt.Errorf("age of distributed DDL %s: %w", row[0], err)
		}
		entry := doctor.DDLEntry{Name: row[0], Query: e.cluster.secrets.Redact(withoutPasswords(queryOf(row[1]))), Age: since(age)}
		for _, n := range e.cluster.All() {
			if _, done := finished[n.Name()]; !done && strings.Contains(row[1], "'"+escapeHost(n.Name())+"'") {
				entry.Nodes = append(entry.Nodes, n.Name())
			}
		}
		if len(entry.Nodes) > 0 {
			out.Open = append(out.Open, entry)
		}
	}
	return out, nil
}

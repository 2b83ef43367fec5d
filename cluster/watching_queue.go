package cluster

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/watch"
)

// watchEntries is how many entries of the queue one look reads at most, the newest
// first; those that all hosts have finished are not read again, so that the next
// look gets further.
const watchEntries = 100

// Queue lists the entries of a cluster's distributed DDL queue that hosts of it have
// not finished, oldest first, from the first node that answers. A cluster without a
// queue has none.
func (w *Watching) Queue(ctx context.Context, name string) ([]watch.Entry, error) {
	c, err := w.cluster(ctx, name)
	if err != nil || c.options.SingleNode {
		return nil, err
	}
	var failures []error
	for _, node := range c.All() {
		if err := w.silent(node.Name()); err != nil {
			failures = append(failures, err)
			continue
		}
		out, err := w.queueOn(ctx, c, node.Name())
		switch {
		case err == nil:
			return out, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case Classify(err) == Final, isNoZooKeeperNode(err), hasCode(err, codeNoZooKeeper):
			return nil, nil // nothing was ever sent through it
		}
		failures = append(failures, err)
	}
	return nil, errors.New(oneLine(errors.Join(failures...)))
}

// queueOn prefers the server's own table: it needs one question, and no right to
// read ZooKeeper. 18.16 has none.
func (w *Watching) queueOn(ctx context.Context, c *Cluster, node string) ([]watch.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, watchLook)
	defer cancel()
	w.mu.Lock()
	table, known := w.tables[c.options.Name]
	w.mu.Unlock()
	if !known {
		rows, err := c.Query(ctx, node, "SELECT name FROM system.tables WHERE database = 'system' AND name = 'distributed_ddl_queue'")
		if err != nil {
			return nil, err
		}
		table = len(rows) > 0
		w.mu.Lock()
		w.tables[c.options.Name] = table
		w.mu.Unlock()
	}
	if table {
		return c.queueTable(ctx, node)
	}
	return w.queueNodes(ctx, c, node)
}

// queueTable reads system.distributed_ddl_queue, which has a row for each host of an
// entry. To have the server pick those that are open would make it read the queue twice.
func (c *Cluster) queueTable(ctx context.Context, node string) ([]watch.Entry, error) {
	rows, err := c.Query(ctx, node, "SELECT entry, substring(query, 1, 500), ifNull(toString(host), ''), ifNull(toString(port), '0'), "+
		"ifNull(toString(status), ''), ifNull(toString(exception_code), ''), ifNull(exception_text, ''), "+
		"toString(toUnixTimestamp(query_create_time)) FROM system.distributed_ddl_queue ORDER BY entry, host, port")
	if err != nil {
		return nil, err
	}
	out := openEntries(rows, c.isMember)
	for i := range out {
		out[i].Cluster, out[i].Query = c.options.Name, c.firstLine(ctx, out[i].Query)
		for j, host := range out[i].Hosts {
			out[i].Hosts[j].Error = c.secrets.Redact(host.Error)
		}
	}
	return out, nil
}

// openEntries makes entries of rows, of those that a member has not finished.
func openEntries(rows [][]string, isMember func(node string) bool) []watch.Entry {
	var out []watch.Entry
	for _, row := range rows {
		if len(out) == 0 || out[len(out)-1].Name != row[0] {
			out = append(out, watch.Entry{Name: row[0], Query: row[1], Since: moment(row[7])})
		}
		host := watch.EntryHost{Node: net.JoinHostPort(row[2], row[3]), State: watch.HostWaiting}
		switch row[4] {
		case "Finished":
			host.State = watch.HostFinished
			if row[5] != "0" && row[5] != "" {
				host.Error = oneLine(errors.New(row[6]))
			}
		case "Active":
			host.State = watch.HostActive
		}
		if last := &out[len(out)-1]; isMember(host.Node) {
			last.Hosts = append(last.Hosts, host)
		}
	}
	return slices.DeleteFunc(out, func(e watch.Entry) bool { return !isOpen(e) })
}

func (c *Cluster) isMember(name string) bool {
	return slices.ContainsFunc(c.All(), func(n journal.Node) bool { return n.Name() == name })
}

func isOpen(e watch.Entry) bool {
	return slices.ContainsFunc(e.Hosts, func(h watch.EntryHost) bool { return h.State != watch.HostFinished })
}

// queueNodes reads the queue in ZooKeeper, through a node.
func (w *Watching) queueNodes(ctx context.Context, c *Cluster, node string) ([]watch.Entry, error) {
	queue := c.queue()
	rows, err := c.Query(ctx, node, "SELECT name, value, toString(toUnixTimestamp(ctime)) FROM system.zookeeper WHERE path = "+
		ops.String(queue.path)+" ORDER BY name DESC")
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	settled := w.settled[c.options.Name]
	if settled == nil {
		settled = map[string]bool{}
		w.settled[c.options.Name] = settled // Queue of one cluster is called by one goroutine
	}
	w.mu.Unlock()
	var out []watch.Entry
	looked := 0
	for _, row := range rows {
		if settled[row[0]] || !strings.HasPrefix(row[0], "query-") || looked == watchEntries {
			continue
		}
		looked++
		entry, err := queue.entry(ctx, node, row)
		switch {
		case isNoZooKeeperNode(err):
			continue // cleaned up in the meantime
		case ctx.Err() != nil:
			looked = watchEntries // what was read so far is better than nothing
			continue
		case err != nil:
			return nil, err
		}
		if settled[row[0]] = !isOpen(entry); !settled[row[0]] {
			out = append(out, entry)
		}
	}
	slices.Reverse(out)
	return out, nil
}

// entry reads how far the hosts of an entry came, of a row of its name, text and time.
func (q *ddlQueue) entry(ctx context.Context, node string, row []string) (watch.Entry, error) {
	out := watch.Entry{
		Cluster: q.cluster.options.Name, Name: row[0], Query: q.cluster.firstLine(ctx, queryOf(row[1])), Since: moment(row[2]),
	}
	finished, err := q.finished(ctx, node, q.path+"/"+row[0])
	if err != nil {
		return out, err
	}
	for _, n := range q.cluster.All() {
		if !strings.Contains(row[1], "'"+escapeHost(n.Name())+"'") {
			continue
		}
		host := watch.EntryHost{Node: n.Name(), State: watch.HostWaiting}
		if a, done := finished[n.Name()]; done {
			host.State = watch.HostFinished
			if a.outcome != journal.Done {
				host.Error = q.cluster.secrets.Redact(a.text)
			}
		}
		out.Hosts = append(out.Hosts, host)
	}
	if !isOpen(out) {
		return out, nil
	}
	active, err := q.active(ctx, node, row[0])
	for i, host := range out.Hosts {
		if host.State == watch.HostWaiting && active[host.Node] {
			out.Hosts[i].State = watch.HostActive
		}
	}
	return out, err
}

// active are the hosts that are at an entry.
func (q *ddlQueue) active(ctx context.Context, node, entry string) (map[string]bool, error) {
	rows, err := q.cluster.Query(ctx, node, "SELECT name FROM system.zookeeper WHERE path = "+ops.String(q.path+"/"+entry+"/active"))
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, row := range rows {
		if host, ok := hostOf(row[0]); ok {
			out[host] = true
		}
	}
	return out, nil
}

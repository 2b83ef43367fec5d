package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// ddlQueue reads the distributed DDL queue through system.zookeeper, which
// every server with coordination has, and 18.16 has nothing else.
type ddlQueue struct {
	cluster *Cluster
	path    string
}

func (c *Cluster) queue() *ddlQueue { return &ddlQueue{cluster: c, path: c.options.DDLQueue} }

// entries lists the names of the entries, oldest first.
func (q *ddlQueue) entries(ctx context.Context, node string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	rows, err := q.cluster.Query(ctx, node, "SELECT name FROM system.zookeeper WHERE path = "+
		ops.String(q.path)+" ORDER BY name")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row[0]
	}
	return names, nil
}

// added finds the entry that an initiator made of a step since known was read,
// or returns "". It is told by its hosts, by the initiator's port (the entry names
// the initiator by whatever the machine calls itself, seen on 18.16), and by the
// words of its statement: others may use the queue at the same time.
func (q *ddlQueue) added(ctx context.Context, known []string, initiator journal.Node, step plan.Step) string {
	for _, node := range q.cluster.All() {
		names, err := q.entries(ctx, node.Name())
		if err != nil {
			continue
		}
		for _, name := range slices.Backward(names) {
			if slices.Contains(known, name) || !strings.HasPrefix(name, "query-") {
				continue
			}
			rows, err := q.cluster.Query(ctx, node.Name(), "SELECT value FROM system.zookeeper WHERE path = "+
				ops.String(q.path)+" AND name = "+ops.String(name))
			if err == nil && len(rows) == 1 && entryIsFor(rows[0][0], initiator, step.Nodes) && isMadeOf(queryOf(rows[0][0]), step.Text) {
				return q.path + "/" + name
			}
		}
		return ""
	}
	return ""
}

// entryIsFor reads the text of an entry: lines of "key: value".
func entryIsFor(text string, initiator journal.Node, nodes []journal.Node) bool {
	ours := false
	hosts := 0
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "initiator":
			ours = strings.HasSuffix(value, fmt.Sprintf(":%d", initiator.Port))
		case "hosts":
			for _, node := range nodes {
				if strings.Contains(value, "'"+escapeHost(node.Name())+"'") {
					hosts++
				}
			}
			if strings.Count(value, "',") != len(nodes)-1 {
				return false
			}
		}
	}
	return ours && hosts == len(nodes)
}

// isMadeOf says whether a statement as a server writes it down may be the one
// that was sent: it has all of its words. What servers of 2018 write otherwise
// ("a IS NULL" as "isNull(a)") does not count. A statement that is not recognised
// has an unknown outcome, which is safe.
func isMadeOf(written, sent string) bool {
	has := map[string]bool{}
	for _, word := range words(written) {
		has[word] = true
	}
	for _, word := range words(regexp.MustCompile(`\{secret:[^}]*\}`).ReplaceAllString(sent, " ")) {
		switch word {
		case "is", "not", "null", "between", "and", "or", "case", "when", "then", "else", "end", "cast", "as", "interval",
			"second", "minute", "hour", "day", "week", "month", "quarter", "year", "asc":
			continue
		}
		if !has[word] {
			return false
		}
	}
	return true
}

// words are the names, keywords and words of literals in a statement, in lower
// case. Numbers are left out: 1e3 may be written as 1000.
func words(sql string) []string {
	all := strings.FieldsFunc(strings.ToLower(sql), func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.DeleteFunc(all, func(word string) bool { return unicode.IsDigit([]rune(word)[0]) })
}

// escapeHost writes host:port as ClickHouse does in ZooKeeper, all but letters,
// digits and _ of the host as %XX: 127%2E0%2E0%2E1:9000.
func escapeHost(name string) string {
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		return name
	}
	return escaped(host) + ":" + port
}

// hostOf reads what escapeHost writes.
func hostOf(escaped string) (string, bool) {
	at := strings.LastIndex(escaped, ":")
	if at < 0 {
		return "", false
	}
	host, err := url.PathUnescape(escaped[:at])
	return net.JoinHostPort(host, escaped[at+1:]), err == nil
}

// finished reads which hosts have finished an entry, and with what.
func (q *ddlQueue) finished(ctx context.Context, node, entry string) (map[string]answer, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	rows, err := q.cluster.Query(ctx, node, "SELECT name, value FROM system.zookeeper WHERE path = "+
		ops.String(entry+"/finished"))
	if err != nil {
		return nil, err
	}
	out := make(map[string]answer, len(rows))
	for _, row := range rows {
		host, ok := hostOf(row[0])
		if !ok {
			continue
		}
		status, text, _ := strings.Cut(row[1], "\n")
		out[host] = statusAnswer(strings.TrimSpace(status), text)
	}
	return out, nil
}

// watchEntry waits until the silent hosts have finished an entry, or the limit
// is reached: then their outcome stays unknown. A missing entry is unknown, not
// finished.
func (s *sending) watchEntry(ctx context.Context, queue *ddlQueue, entry string, silent []string) error {
	wait := s.wait()
	wait.Asking = func() string { return "the answer of the distributed DDL queue " + queue.path }
	err := wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		for _, node := range s.cluster.All() {
			finished, err := queue.finished(ctx, node.Name(), entry)
			if err != nil {
				continue
			}
			for _, name := range silent {
				if a, ok := finished[name]; ok {
					s.record(name, a)
				}
			}
			break
		}
		silent = slices.DeleteFunc(silent, func(name string) bool { return s.answered(name) })
		return await.Look{
			Done:   len(silent) == 0,
			Reason: "distributed DDL " + entryName(entry) + " unfinished on " + strings.Join(silent, ", "),
		}, nil
	})
	var over *await.OverError
	if errors.As(err, &over) {
		return nil
	}
	return err
}

// ddlEntry is an entry of the queue, and the hosts that have yet to do it.
type ddlEntry struct {
	name, query string
	hosts       []string
}

// unfinished lists the entries whose query concerns somebody, and that hosts of
// the cluster have not finished, oldest first. Those that all have finished are
// noted in settled, and passed over. One server that answers is enough.
func (q *ddlQueue) unfinished(ctx context.Context, a *asked, settled map[string]bool, concerns func(query string) bool) ([]ddlEntry, error) {
	var failures []error
	for _, node := range q.cluster.All() {
		var out []ddlEntry
		err := a.each(ctx, q.cluster, []journal.Node{node}, func(ctx context.Context, node journal.Node) (err error) {
			out, err = q.unfinishedBy(ctx, node.Name(), settled, concerns)
			return err
		})[node.Name()]
		switch {
		case err == nil:
			return out, nil
		case Classify(err) == Final, isNoZooKeeperNode(err) && q.cluster.options.Direct:
			return nil, nil // no queue: nothing was ever sent through it
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

func (q *ddlQueue) unfinishedBy(ctx context.Context, node string, settled map[string]bool, concerns func(string) bool) ([]ddlEntry, error) {
	looking, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	rows, err := q.cluster.Query(looking, node, "SELECT name, value FROM system.zookeeper WHERE path = "+
		ops.String(q.path)+" ORDER BY name")
	if err != nil {
		return nil, err
	}
	var out []ddlEntry
	for _, row := range rows {
		name, text := row[0], row[1]
		query := queryOf(text)
		if settled[name] || !strings.HasPrefix(name, "query-") || !concerns(query) {
			continue
		}
		finished, err := q.finished(ctx, node, q.path+"/"+name)
		if isNoZooKeeperNode(err) {
			continue // cleaned up in the meantime
		}
		if err != nil {
			return nil, err
		}
		entry := ddlEntry{name: name, query: query}
		for _, n := range q.cluster.All() {
			if _, done := finished[n.Name()]; !done && strings.Contains(text, "'"+escapeHost(n.Name())+"'") {
				entry.hosts = append(entry.hosts, n.Name())
			}
		}
		if settled[name] = len(entry.hosts) == 0; !settled[name] {
			out = append(out, entry)
		}
	}
	return out, nil
}

// queryOf is the statement of an entry; the server writes it on one line.
func queryOf(text string) string {
	for line := range strings.Lines(text) {
		if query, ok := strings.CutPrefix(line, "query: "); ok {
			return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\'`, "'").Replace(strings.TrimSpace(query))
		}
	}
	return text
}

// concerns says whether a statement in the queue is about what steps are
// about: it names one of their tables, or, where a step has none (databases,
// users), is of the same kind.
func concerns(steps []plan.Step) func(query string) bool {
	var names, kinds []string
	for _, step := range steps {
		for _, table := range step.Statement.Writes {
			names = append(names, table.Name)
		}
		if len(step.Statement.Writes) == 0 {
			kinds = append(kinds, kindOf(step.Statement.SQL("")))
		}
	}
	return func(query string) bool {
		return slices.Contains(kinds, kindOf(query)) ||
			slices.ContainsFunc(names, func(name string) bool { return strings.Contains(query, name) })
	}
}

// kindOf is the beginning of a statement: CREATE DATABASE.
func kindOf(query string) string {
	words := strings.Fields(strings.ToUpper(query))
	return strings.Join(words[:min(2, len(words))], " ")
}

func entryName(entry string) string { return entry[strings.LastIndex(entry, "/")+1:] }

func (s *sending) answered(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.answers[name]
	return ok && (a.outcome != journal.Unknown || a.code != 0)
}

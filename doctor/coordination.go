package doctor

import (
	"fmt"
	"time"
)

func coordination(f Facts, limits Limits) verdict {
	var v verdict
	n, none := 0, ""
	var slowest time.Duration
	for _, c := range f.Clusters {
		v.unread(c, PartCoordination)
		for _, node := range c.answering(PartCoordination) {
			k := node.Coordination
			switch {
			case k.None != "":
				none = node.Name + ": " + k.None
			case k.Problem != "":
				v.add(Error, c.Name, node.Name, "cannot reach ZooKeeper or Keeper: "+k.Problem,
					"Start it, and mend <zookeeper> of the node. Until then its replicated tables are read-only")
			case k.Latency > limits.Latency:
				n++
				v.add(Warning, c.Name, node.Name, fmt.Sprintf("ZooKeeper or Keeper answered after %s", k.Latency.Round(time.Millisecond)),
					"Look at its disk and at the network: every replicated insert and ALTER waits for it")
			default:
				n++
				slowest = max(slowest, k.Latency)
			}
		}
	}
	asked := v.lock(f.Lock, limits)
	slowest = max(slowest, asked)
	if n == 0 && f.Lock.Kind != "zookeeper" && len(v.findings) == 0 {
		v.skipped = "no server tells"
		if none != "" {
			v.skipped = none
		}
	}
	v.fine = fmt.Sprintf("%s and skein's lock have a session, slowest answer %s", nodes(n), slowest.Round(time.Millisecond))
	if f.Lock.Kind != "zookeeper" {
		v.fine = fmt.Sprintf("%s have a session, slowest answer %s", nodes(n), slowest.Round(time.Millisecond))
	}
	if n == 0 && none != "" {
		v.fine = fmt.Sprintf("skein's lock has a session, answer after %s. %s", asked.Round(time.Millisecond), none)
	}
	return v
}

// lock judges what skein's own lock is kept in.
func (v *verdict) lock(l Lock, limits Limits) time.Duration {
	switch {
	case l.Kind == "none":
		v.add(Warning, "", "", "coordination.lock is none: nothing keeps two runs apart", "Give coordination.zookeeper in skein.yaml")
	case l.Problem != "":
		v.add(Error, "", "", "skein's lock cannot be reached: "+l.Problem,
			"Start ZooKeeper or Keeper, or mend coordination in skein.yaml. Until then nothing can be changed")
	case l.Latency > limits.Latency:
		v.add(Warning, "", "", fmt.Sprintf("skein's lock (%s) answered after %s", l.Server, l.Latency.Round(time.Millisecond)),
			"Look at the network between this machine and it: the lock is confirmed before every statement")
	default:
		return l.Latency
	}
	return 0
}

func ddlQueue(f Facts, limits Limits) verdict {
	var v verdict
	n, open, looked, none := 0, 0, 0, ""
	for _, c := range f.Clusters {
		q := c.DDL
		switch {
		case c.Closed != "":
			continue
		case q.None != "":
			none = q.None
			continue
		case q.Problem != "":
			v.add(Warning, c.Name, "", "the distributed DDL queue could not be read: "+q.Problem, "Look at what coordination says")
			continue
		}
		n++
		looked += q.Looked
		open += len(q.Open)
		v.stuck(c, limits)
		if len(q.Open) > limits.Queue {
			v.add(Warning, c.Name, "", fmt.Sprintf("%d entries of the distributed DDL queue are unfinished", len(q.Open)),
				"Wait until they are done before you change more: a new one comes last")
		}
	}
	if n == 0 && len(v.findings) == 0 {
		v.skipped = "no cluster could be asked"
		if none != "" {
			v.skipped = none
		}
	}
	v.fine = fmt.Sprintf("%d unfinished of the newest %s, none older than %s", open, count(looked, "entry", "entries"), lasted(limits.Lag))
	return v
}

// stuck says of each node which entry it is stuck at: those behind it wait for that
// one.
func (v *verdict) stuck(c Cluster, limits Limits) {
	type holdup struct {
		entry DDLEntry
		more  int
	}
	by := map[string]*holdup{}
	var order []string
	for _, entry := range c.DDL.Open {
		if entry.Age <= limits.Lag {
			continue
		}
		for _, node := range entry.Nodes {
			if by[node] != nil {
				by[node].more++
				continue
			}
			by[node] = &holdup{entry: entry}
			order = append(order, node)
		}
	}
	for _, node := range order {
		h := by[node]
		found := fmt.Sprintf("has not finished distributed DDL %s, %s old: %s", h.entry.Name, lasted(h.entry.Age), short(h.entry.Query))
		if h.more > 0 {
			found += fmt.Sprintf("\nand %d after it", h.more)
		}
		v.add(Error, c.Name, node, found,
			"Look whether the node is up, and at its log for DDLWorker: restarting it starts the worker again. "+
				"An entry that must not run any more: delete its znode before the node is back")
	}
}

// short cuts a statement to what is told of it.
func short(sql string) string {
	const most = 100
	runes := []rune(sql)
	for i, r := range runes {
		if r == '\n' {
			runes[i] = ' '
		}
	}
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

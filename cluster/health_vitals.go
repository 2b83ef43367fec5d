package cluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// The kinds of rows that vitalsQuery gives, each of kind and six texts.
const (
	vitalsClock    = "clock"
	vitalsMacro    = "macro"
	vitalsCluster  = "cluster"
	vitalsMutation = "mutation"
	vitalsFailure  = "failure"
	vitalsPath     = "path"
	vitalsDisk     = "disk"
)

// vitalsQuery asks all at once, and nothing that a server would ask ZooKeeper for:
// it is put to every node before each change.
func (c *Cluster) vitalsQuery(facts nodeFacts) string {
	parts := []string{
		// now() is cut to the second by every server.
		"SELECT '" + vitalsClock + "', version(), toString(toUnixTimestamp(now())), '', '', '', ''",
		"SELECT '" + vitalsMacro + "', macro, substitution, '', '', '', '' FROM system.macros",
	}
	if !c.options.SingleNode {
		// What each node takes the cluster to be has a row for each node: all nodes' together
		// grow with their square. Their sum says which of them agree.
		parts = append(parts, "SELECT '"+vitalsCluster+"', cluster, toString(count()), toString(sum(cityHash64(host_name, port, shard_num, replica_num))), '', '', '' "+
			"FROM system.clusters WHERE cluster IN ("+ops.String(c.options.LocalCluster)+", "+ops.String(c.options.DistCluster)+") GROUP BY cluster")
	}
	parts = append(parts, "SELECT '"+vitalsMutation+"', database, table, mutation_id, "+
		"toString(toInt64(toUnixTimestamp(now())) - toInt64(toUnixTimestamp(create_time))), toString(parts_to_do), "+
		optional(facts, "mutations", "latest_fail_reason")+" FROM system.mutations WHERE is_done = 0")
	if !killsMutations(facts) {
		parts = append(parts, "SELECT '"+vitalsFailure+"', database, table, last_exception, '', '', '' "+
			"FROM system.replication_queue WHERE type = 'MUTATE_PART' AND last_exception != ''",
			// To say how one is ended. The path alone asks nothing of ZooKeeper.
			"SELECT '"+vitalsPath+"', database, table, zookeeper_path, '', '', '' FROM system.replicas")
	}
	if facts.columns["disks"]["free_space"] {
		parts = append(parts, "SELECT '"+vitalsDisk+"', toString(max(free_space)), '', '', '', '', '' FROM system.disks")
	}
	return strings.Join(parts, " UNION ALL ")
}

func (e *examination) vitals(ctx context.Context, n *doctor.Node) error {
	c := e.cluster
	facts, err := c.node(ctx, n.Name)
	if err != nil {
		return err
	}
	before := time.Now()
	rows, err := c.Query(ctx, n.Name, c.vitalsQuery(facts))
	if err != nil {
		return err
	}
	asked := time.Since(before)
	n.Macros, n.Clusters = map[string]string{}, map[string][]journal.Node{}
	old := oldMutations{failures: map[string]string{}, paths: map[string]string{}, kills: killsMutations(facts)}
	for _, row := range rows { // UNION ALL gives them in any order
		switch row[0] {
		case vitalsFailure:
			old.failures[row[1]+"."+row[2]] = failureOf(row[3])
		case vitalsPath:
			old.paths[row[1]+"."+row[2]] = row[3]
		}
	}
	for _, row := range rows {
		switch row[0] {
		case vitalsClock:
			n.Version = row[1]
			n.Ahead, n.Precision, err = aheadOf(row[2], before, asked)
		case vitalsMacro:
			n.Macros[row[1]] = row[2]
		case vitalsCluster:
			n.Clusters[row[1]], err = e.membersOf(ctx, n.Name, member{row[1], row[2] + " " + row[3]})
		case vitalsMutation:
			err = c.takeMutation(n, row, old)
		case vitalsDisk:
			n.Free, err = strconv.ParseUint(row[1], 10, 64)
			n.FreeKnown = err == nil
		}
		if err != nil {
			return fmt.Errorf("read the %s of %s: %w", row[0], n.Name, err)
		}
	}
	return nil
}

// aheadOf compares a server's clock, cut to the second, with ours. It was read at
// some moment while the question was asked.
func aheadOf(server string, before time.Time, asked time.Duration) (ahead, precision time.Duration, err error) {
	seconds, err := strconv.ParseInt(server, 10, 64)
	if err != nil {
		return 0, 0, err
	}
	const half = time.Second / 2
	return time.Unix(seconds, 0).Add(half).Sub(before.Add(asked / 2)), half + asked/2, nil
}

// oldMutations is what servers without KILL MUTATION tell elsewhere, by table.
type oldMutations struct {
	failures, paths map[string]string
	kills           bool
}

func (c *Cluster) takeMutation(n *doctor.Node, row []string, old oldMutations) error {
	age, err := strconv.ParseInt(row[4], 10, 64)
	if err != nil {
		return err
	}
	m := doctor.Mutation{
		Table: row[1] + "." + row[2], ID: row[3], Age: time.Duration(age) * time.Second, PartsToDo: row[5], Failure: failureOf(row[6]),
	}
	if m.Failure == "" {
		// A part is brought to its newest mutation at once: one that fails holds up all.
		m.Failure = old.failures[m.Table]
	}
	m.Failure = cut(c.secrets.Redact(m.Failure), 300)
	m.End = endingAt(old.kills, ops.Table{Database: row[1], Name: row[2]}, ailing{node: n.Name, id: m.ID}, old.paths[m.Table])
	n.Mutations = append(n.Mutations, m)
	return nil
}

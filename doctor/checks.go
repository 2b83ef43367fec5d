package doctor

// Checks lists all checks, in the order in which they are told: what comes first
// may explain what comes later.
func Checks() []Check {
	return []Check{
		{
			Name: "connection", Worst: Error, needs: PartVitals, judge: connection,
			Looks:  "every node of `system.clusters`, and each of `hosts`, answers in time",
			Do:     "start or thaw the node; `--without` changes the schema meanwhile",
			Before: "all nodes have to answer (exit 3)",
			Proof:  "TestNodeStopped, TestNodeFrozen, TestNoNodeAtAll, TestClusterThatCannotBeReached",
		},
		{
			Name: "versions", Worst: Warning, needs: PartVitals, judge: versions,
			Looks:  "all nodes of a cluster run one version",
			Do:     "finish the upgrade; plans are made for the oldest version",
			Before: "warned",
			Proof:  "none: the two engines of the test bench make no cluster together. A unit test judges nodes with two versions",
		},
		{
			Name: "clock", Worst: Warning, needs: PartVitals, judge: clock,
			Looks:  "clocks of the nodes of a cluster, compared with each other",
			Do:     "NTP; `--max-skew` (5 s)",
			Before: "warned",
			Proof:  "TestClockOfOneNode, with a node's answer changed on its way: servers of one machine share its clock",
		},
		{
			Name: "topology", Worst: Error, needs: PartVitals, judge: topology,
			Looks:  "`system.clusters` is the same on all nodes, and has every host of the configuration",
			Do:     "the same `<remote_servers>` on all nodes",
			Before: "refused (exit 3)",
			Proof:  "TestNodeMissingInRemoteServers, TestHostThatIsNoNode",
		},
		{
			Name: "macros", Worst: Error, needs: PartVitals, judge: macros,
			Looks:  "`{shard}` and `{replica}` on every local node, `{shard}` the same in a shard and no other's",
			Do:     "`<macros>` of the node",
			Before: "planning refuses what needs them (exit 3)",
			Proof:  "TestMacroMissing, TestShardMacroOfAnotherShard",
		},
		{
			Name: "replica-names", Worst: Error, needs: PartVitals, judge: replicaNames,
			Looks:  "`{replica}` is unique in a shard (error) and, for unsharded tables, over all shards (warning)",
			Do:     "`<macros>`; over shards `unsharded_replica`",
			Before: "planning refuses what needs them (exit 3)",
			Proof:  "TestSameReplicaNames, TestReplicaNamesOverShards",
		},
		{
			Name: "coordination", Worst: Error, needs: PartCoordination | PartLock, judge: coordination,
			Looks:  "every node, and this machine for skein's lock, has a session with ZooKeeper or Keeper, and an answer in time",
			Do:     "start it, mend `<zookeeper>` or `coordination`; `--max-latency` (1 s)",
			Before: "the lock has to be taken (exit 3 or 4)",
			Proof:  "TestZooKeeperKilled, TestZooKeeperSlow",
		},
		{
			Name: "replicas", Worst: Error, needs: PartVitals | PartReplicas, judge: replicas,
			Looks:  "replicas that are inactive, read-only, without a session, or (before 19.15) with their data in another table's folder",
			Do:     "bring the node or its session back; `SYSTEM RESTART REPLICA`; the RENAME that it shows",
			Before: "refused (exit 3)",
			Proof:  "TestNodeStopped, TestZooKeeperKilled, TestReadOnlyReplica, TestDataInAnotherFolder",
		},
		{
			Name: "replication-queue", Worst: Warning, needs: PartQueues, judge: queues,
			Looks: "length, oldest entry and delay of each table's replication queue",
			Do:    "`system.replication_queue` says why; `--max-lag` (10m), `--max-queue` (100)",
			Proof: "TestFetchesStopped",
		},
		{
			Name: "ddl-queue", Worst: Error, needs: PartDDL, judge: ddlQueue,
			Looks: "entries of the distributed DDL queue that a node has not finished, of the newest 100",
			Do:    "the node's log, `DDLWorker`; `--max-lag`, `--max-queue`",
			Proof: "TestDDLEntryStuck",
		},
		{
			Name: "mutations", Worst: Error, needs: PartVitals, judge: mutations,
			Looks:  "mutations that fail (error) or have lasted for long (warning)",
			Do:     "mend what fails, or `KILL MUTATION`; `--max-lag`",
			Before: "of the tables that the change touches: refused if it mutates one that has a failing one (exit 3), else warned",
			Proof:  "TestMutationFails, TestMutationFailsOnOneNode, TestMutationThatDoesNotGetOn",
		},
		{
			Name: "disk", Worst: Error, needs: PartVitals | PartPlan, judge: disk,
			Looks:  "free space against what all pending migrations would rewrite",
			Do:     "make room; `--min-free` (0) bytes have to stay",
			Before: "refused if the rewritten rows would not fit (exit 3)",
			Proof:  "TestDiskTooSmall, with `--min-free` above what there is: a test cannot fill a disk that others use",
		},
		{
			Name: "tables", Worst: Error, needs: PartTables, judge: tables,
			Looks: "tables on some nodes only: one that migrations name (error), any other (warning)",
			Do:    "make or drop it; `skein verify` says how nodes differ",
			Proof: "TestTableByHandOnOneNode",
		},
		{
			Name: "state", Worst: Error, needs: PartState | PartLock, judge: state,
			Looks:  "skein's own tables: columns, engine and paths, migrations in progress, nodes that are owed statements after `--without`",
			Do:     "as it says; `skein resume`",
			Before: "refused (exit 3; 5 for what is in progress)",
			Proof:  "TestStateTableWithoutAColumn, TestStateTableMissingOnANode, TestMigrationInProgress, TestNodeIsOwed",
		},
		{
			Name: "grants", Worst: Error, needs: PartGrants, judge: grants,
			Looks: "what the user may do (`CHECK GRANT`); servers without it are skipped",
			Do:    "`GRANT` what is missing",
			Proof: "TestGrantRevoked",
		},
	}
}

// Before lists the checks that are made before a change, beside what planning, the
// lock and the look at the replicas do: those that need one query a node.
func Before() []Check {
	var out []Check
	for _, check := range Checks() {
		switch check.Name {
		case "versions", "clock", "topology", "mutations", "disk":
			out = append(out, check)
		}
	}
	return out
}

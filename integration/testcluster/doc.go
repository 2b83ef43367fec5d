// Package testcluster starts real ClickHouse servers and a real ZooKeeper on
// loopback, and gives a handle on each process, so that a test can stop, kill,
// freeze and restart what skein talks to.
//
// There are two engines. "cluster" is any number of shards × replicas of
// Debian's ClickHouse 18.16 with Debian's ZooKeeper: ON CLUSTER, replication and
// distributed queries are real there. "modern" is ClickHouse 26.7 as a library
// in a host process (package chdb): today's SQL and protocol, but neither ON
// CLUSTER nor working Replicated tables.
//
// Where a multi-call clickhouse binary of version 20 or later is on PATH, the
// cluster engine uses that instead, with its own Keeper. That path has never been
// run: no such binary was available where this was written.
//
// A test package holds a Shared and hands it to Main:
//
//	var servers = testcluster.Shared{Options: testcluster.Options{Shards: 2, Replicas: 2}}
//
//	func TestMain(m *testing.M) { os.Exit(testcluster.Main(m, &servers)) }
//
//	func TestX(t *testing.T) { c := servers.Cluster(t); … }
//
// Its servers start with the first test that asks, are cleaned between tests and
// die with the test binary, however that ends. cmd/devcluster is the same package
// for people: its servers outlive the command.
package testcluster

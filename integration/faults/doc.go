// Package faults is the fault matrix: what becomes of a migration when skein, a
// node, ZooKeeper or a connection dies at each moment of it. Each case ends,
// after resume or reverse-in-progress, with the same schema, rows and state on
// every node as a run without the fault, and with nothing done twice.
//
// `make faults` runs it and prints a line per case; docs/reliability.md has the
// table, which a test keeps true. `make soak` runs longer.
package faults

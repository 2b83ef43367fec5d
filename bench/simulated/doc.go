// Package simulated is a cluster of servers that speak ClickHouse's native protocol and
// do nothing: they answer what skein asks with what real servers answered, after the time
// that a network takes. A thousand of them fit into one process.
//
// What they answer with is in testdata, recorded by the tests of bench/nodes from servers of
// 26.7 (-record). A question that was not recorded is answered with an exception, and kept:
// no figure may come from an answer that nobody gave.
package simulated

// Package testproxy stands between a client and a server, on the level of bytes:
// it can be cut, silenced and mended, and it can meddle with single requests, to
// answer what a real server cannot be brought to answer on demand.
//
// It knows no protocol. What a request is says Options.Next, and when a server
// has answered Options.Answered; clickhouse.go has what tests of ClickHouse need.
package testproxy

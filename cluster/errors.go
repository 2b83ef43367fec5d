package cluster

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/skein-migrate/skein/journal"
)

// The error codes of ClickHouse that skein decides by. No other file names one.
// Where a comment says seen, it was on 18.16.1 or 26.7.2.
const (
	codeTimeoutExceeded     = 159 // seen: ON CLUSTER with a node down; the node does it later
	codeReplicasUnfinished  = 341 // seen: Replicated ALTER with a dead replica; "done asynchronously"
	codeUnknownQuorum       = 319 // seen: the row landed
	codeKeeper              = 999 // seen: ZooKeeper cut in mid-ALTER, which is committed all the same
	codeReadOnlyTable       = 242 // seen: DROP cut from ZooKeeper, and the metadata is gone
	codeNoZooKeeper         = 225
	codeQuorumTooFew        = 285
	codeQuorumPrevious      = 286
	codeQuorumRead          = 289
	codeNotAssigned         = 517 // CANNOT_ASSIGN_ALTER: metadata not yet up to date
	codeSocketTimeout       = 209
	codeNetwork             = 210
	codeQueryCancelled      = 394
	codeAborted             = 236
	codeAllConnectionsTried = 279
	codeTooManyQueries      = 202
	codeAuthentication      = 516
	codeUnknownUser         = 192
	codeWrongPassword       = 193
	codeAccessDenied        = 497
	codeSyntax              = 62 // seen: two statements in one text too
	codeUnknownDatabase     = 81 // seen: in answer to the handshake
	codeUnknownTable        = 60 // seen: system.zookeeper where none is configured
)

// Class says what may be done after an error.
type Class int

// The classes.
const (
	// Final: the server refused; the statement did nothing on that node.
	Final Class = iota
	// NotSent: nothing reached the server; another node may be asked at once.
	NotSent
	// BackOff: nothing changed, and the same statement may work in a moment.
	BackOff
	// UnknownOutcome: it may have happened, or may happen yet. Only watching and the
	// conditions tell.
	UnknownOutcome
)

// Classify says what may be done after the error of a statement.
func Classify(err error) Class {
	var node *journal.NodeError
	if !errors.As(err, &node) {
		return UnknownOutcome
	}
	if !node.Sent {
		return NotSent
	}
	switch node.Code {
	case 0: // the connection broke
		return UnknownOutcome
	case codeTimeoutExceeded, codeReplicasUnfinished, codeUnknownQuorum, codeKeeper, codeReadOnlyTable,
		codeSocketTimeout, codeNetwork, codeQueryCancelled, codeAborted, codeAllConnectionsTried:
		return UnknownOutcome
	case codeNotAssigned, codeNoZooKeeper, codeQuorumTooFew, codeQuorumPrevious, codeQuorumRead, codeTooManyQueries:
		return BackOff
	}
	return Final
}

// IsAuthentication says that the server knows us not: no other try helps.
func IsAuthentication(err error) bool {
	return hasCode(err, codeAuthentication, codeUnknownUser, codeWrongPassword, codeAccessDenied)
}

// IsQuorumUnknown says that an insert may or may not have landed.
func IsQuorumUnknown(err error) bool {
	return err != nil && !errors.Is(err, context.Canceled) && Classify(err) == UnknownOutcome
}

// MayTryAgain says that a statement did nothing and may work in a moment, on
// this node or another.
func MayTryAgain(err error) bool {
	class := Classify(err)
	return err != nil && (class == BackOff || class == NotSent)
}

// isNoZooKeeperNode says that system.zookeeper was asked for a path that is not
// there; newer servers answer no rows.
func isNoZooKeeperNode(err error) bool {
	return hasCode(err, codeKeeper) && strings.Contains(strings.ToLower(err.Error()), "no node")
}

// cannotSeeZooKeeper says that a node has no system.zookeeper, or not for us.
func cannotSeeZooKeeper(err error) bool { return hasCode(err, codeUnknownTable, codeAccessDenied) }

func hasCode(err error, codes ...int) bool {
	var node *journal.NodeError
	if !errors.As(err, &node) {
		return false
	}
	for _, code := range codes {
		if node.Code == code {
			return true
		}
	}
	return false
}

// queueEntry finds the distributed DDL entry that a 159 names: "Watching task
// /clickhouse/task_queue/ddl/query-0000000003 is executing longer than …".
func queueEntry(message string) string {
	return regexp.MustCompile(`/[^\s]*/query-\d+`).FindString(message)
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/skein-migrate/skein/journal"
)

func answered(code int) error {
	return fmt.Errorf("send: %w", &journal.NodeError{Node: "n1:9000", Code: code, Sent: true, Err: errors.New("text")})
}

func TestClassify(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want Class
	}{
		{"refused before it was sent", &journal.NodeError{Node: "n1:9000"}, NotSent},
		{"a code from before it was sent", &journal.NodeError{Node: "n1:9000", Code: 210}, NotSent},
		{"the connection broke after sending", answered(0), UnknownOutcome},
		{"nobody says that it was not sent", errors.New("broken pipe"), UnknownOutcome},
		{"an ended context", context.Canceled, UnknownOutcome},
		{"159: a node does it later", answered(159), UnknownOutcome},
		{"341: done asynchronously", answered(341), UnknownOutcome},
		{"319: the row landed", answered(319), UnknownOutcome},
		{"999 in mid-ALTER", answered(999), UnknownOutcome},
		{"242 of a DROP", answered(242), UnknownOutcome},
		{"209", answered(209), UnknownOutcome},
		{"210", answered(210), UnknownOutcome},
		{"517: metadata not up to date", answered(517), BackOff},
		{"225: no ZooKeeper", answered(225), BackOff},
		{"285: too few replicas", answered(285), BackOff},
		{"286: the insert before has no quorum yet", answered(286), BackOff},
		{"289", answered(289), BackOff},
		{"44: the column exists", answered(44), Final},
		{"57: the table exists", answered(57), Final},
		{"60: no such table", answered(60), Final},
		{"62: syntax", answered(62), Final},
		{"371: not Replicated", answered(371), Final},
		{"497: access denied", answered(497), Final},
	} {
		t.Run(test.name, func(t *testing.T) {
			if have := Classify(test.err); have != test.want {
				t.Errorf("%d, want %d", have, test.want)
			}
		})
	}
}

func TestWhatAStateRowDoesAfterAnError(t *testing.T) {
	for _, test := range []struct {
		name              string
		err               error
		unknown, tryAgain bool
	}{
		{"no error", nil, false, false},
		{"319", answered(319), true, false},
		{"a lost connection", answered(0), true, false},
		{"285", answered(285), false, true},
		{"286", answered(286), false, true},
		{"a node that is down", &journal.NodeError{}, false, true},
		{"497", answered(497), false, false},
		{"our own end", context.Canceled, false, false},
	} {
		if have := IsQuorumUnknown(test.err); have != test.unknown {
			t.Errorf("%s: IsQuorumUnknown %v", test.name, have)
		}
		if have := MayTryAgain(test.err); have != test.tryAgain {
			t.Errorf("%s: MayTryAgain %v", test.name, have)
		}
	}
}

func TestIsAuthentication(t *testing.T) {
	for code, want := range map[int]bool{516: true, 192: true, 193: true, 497: true, 60: false, 0: false} {
		if have := IsAuthentication(answered(code)); have != want {
			t.Errorf("%d: %v", code, have)
		}
	}
	if IsAuthentication(errors.New("text")) || IsAuthentication(nil) {
		t.Error("not a node's answer")
	}
}

func TestQueueEntryIsFoundInTheMessage(t *testing.T) {
	for message, want := range map[string]string{
		"Code: 159. Watching task /clickhouse/task_queue/ddl/query-0000000003 is executing longer than distributed_ddl_task_timeout (=5) seconds. There are 1 unfinished hosts":      "/clickhouse/task_queue/ddl/query-0000000003",
		"Distributed DDL task /other/queue/query-0000000123 is not finished on 1 of 4 hosts (0 of them are currently executing the task, 1 are inactive). They are going to execute": "/other/queue/query-0000000123",
		"Timeout exceeded: elapsed 5 seconds": "",
		"see /docs/query-log":                 "",
	} {
		if have := queueEntry(message); have != want {
			t.Errorf("%q in: %s", have, message)
		}
	}
}

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/journal"
)

func TestExitCodes(t *testing.T) {
	partial := &journal.PartialError{Key: journal.Key{Group: "events", ID: "0001"}}
	interrupted := *partial
	interrupted.Cause = &journal.InterruptedError{}
	for _, test := range []struct {
		name    string
		err     error
		started bool
		want    int
	}{
		{"a command line that cobra refuses", errors.New("unknown flag"), false, 2},
		{"a server error", errors.New("Code: 60"), true, 1},
		{"usage", journal.Usagef("no group"), true, 2},
		{"preflight", journal.Refusef("no nodes"), true, 3},
		{"inactive replicas", &journal.InactiveReplicasError{}, true, 3},
		{"the lock is held", &journal.LockHeldError{}, true, 4},
		{"the lock was lost", &journal.LockLostError{Err: errors.New("session")}, true, 4},
		{"the lock was lost in the middle of a migration", fmt.Errorf("%w (%w)", partial, &journal.LockLostError{Err: errors.New("session")}), true, 4},
		{"in progress", &journal.InProgressError{Entries: make([]journal.Entry, 1)}, true, 5},
		{"stopped half-way", partial, true, 5},
		{"interrupted half-way", &interrupted, true, 5},
		{"interrupted with nothing in progress", &journal.InterruptedError{}, true, 130},
		{"preflight within usage", journal.Usagef("plan: %w", journal.Refusef("no nodes")), true, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			wrapped := fmt.Errorf("what was being done: %w", test.err)
			if have := exitCode(wrapped, test.started); have != test.want {
				t.Errorf("exit code %d, want %d", have, test.want)
			}
		})
	}
}

func printed(err error, code int) string {
	var out bytes.Buffer
	a := &app{program: Program{Stderr: &out}, started: true}
	a.printError(err, code)
	return out.String()
}

// A migration may stop although every node did its part: its row could not be
// written, or a signal came. That has to be said.
func TestAFailureAfterEveryNodeIsDoneSaysWhy(t *testing.T) {
	text := printed(&journal.PartialError{
		Key: journal.Key{Group: "events", ID: "0001"}, Step: 1, Of: 2, Text: "RUN GO fill",
		Hosts: []journal.HostOutcome{{Node: "n1:9000", Outcome: journal.Done}, {Node: "n2:9000", Outcome: journal.Done}},
		Cause: errors.New("write the state of events/0001: no quorum"),
	}, 5)
	if !strings.Contains(text, "no quorum") {
		t.Errorf("no word of what went wrong:\n%s", text)
	}
}

func TestFindingsThatTheCommandPrintedAreNotPrintedTwice(t *testing.T) {
	var out bytes.Buffer
	a := &app{program: Program{Stderr: &out}, started: true, checking: true}
	a.printError(&journal.InactiveReplicasError{}, 3)
	if out.Len() > 0 {
		t.Errorf("printed %q", out.String())
	}
}

func TestWhyStopped(t *testing.T) {
	key := journal.Key{Group: "events", ID: "0001"}
	for text, want := range map[string]string{
		"events/0001 stopped at step 2 of 3 (DROP TABLE t (x)); failed on a:1: no": "DROP TABLE t (x)\nfailed on a:1: no",
		"events/0001 stopped at step 2 of 3 (DROP TABLE t); unknown on a:1":        "DROP TABLE t\nunknown on a:1",
		"events/0001 stopped at step 2 of 3 (DROP TABLE t): context canceled":      "DROP TABLE t\ncontext canceled",
		"events/0001 stopped at step 2 of 3 (DROP TABLE t)":                        "events/0001 stopped at step 2 of 3 (DROP TABLE t)",
		"events/0002 stopped at step 2 of 3 (DROP TABLE t); failed on a:1: no":     "events/0002 stopped at step 2 of 3 (DROP TABLE t); failed on a:1: no",
		"the lock (epoch 3): failed on a:1":                                        "the lock (epoch 3): failed on a:1",
	} {
		if have := whyStopped(key, text); have != want {
			t.Errorf("of %q have %q, want %q", text, have, want)
		}
	}
}

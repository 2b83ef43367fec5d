package journal

import (
	"net"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestTheNameOfANodeIsHostAndPort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := Node{
			Host: rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9a-f:]{1,40}`)).Draw(t, "host"),
			Port: rapid.IntRange(0, 65535).Draw(t, "port"),
		}
		if want := net.JoinHostPort(n.Host, strconv.Itoa(n.Port)); n.Name() != want {
			t.Fatalf("%q, want %q", n.Name(), want)
		}
	})
}

func BenchmarkNodeName(b *testing.B) {
	n := Node{Host: "ch-events-12.example", Port: 9000}
	b.ReportAllocs()
	for b.Loop() {
		_ = n.Name()
	}
}

func TestAPartialErrorNamesNodesThatSayTheSameTogether(t *testing.T) {
	err := &PartialError{
		Key: Key{Group: "events", ID: "0001"}, Step: 1, Of: 2, Summary: "DROP TABLE t",
		Hosts: []HostOutcome{
			{Node: "a:1", Outcome: Failed, Code: 44, Error: "no"},
			{Node: "b:1", Outcome: Unknown},
			{Node: "c:1", Outcome: Failed, Code: 44, Error: "no"},
			{Node: "d:1", Outcome: Done},
			{Node: "e:1", Outcome: Failed, Code: 45, Error: "neither"},
		},
	}
	want := "events/0001 stopped at step 1 of 2 (DROP TABLE t); failed on a:1, c:1: no; unknown on b:1; failed on e:1: neither"
	if have := err.Error(); have != want {
		t.Errorf("have %s\nwant %s", have, want)
	}
}

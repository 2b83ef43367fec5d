package simulated

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ClickHouse/ch-go/proto"
)

// Replay answers with a recording.
type Replay struct {
	moulds map[asked]mould
	// elsewhere are the answers of nodes that have no rows of the state: all but those of
	// the first shard.
	elsewhere map[string]mould
	// changes are the statements after which a node answers otherwise.
	changes map[string]bool

	mu      sync.Mutex
	after   map[int]int // statements run, by the number of the node
	unknown map[string]int
	answers int
}

// asked is a query in the words of the recorded node, and how many statements were run before.
type asked struct {
	query string
	after int
}

// NewReplay makes the answers of a cluster of nodes from a recording.
func NewReplay(recording Recording, nodes []Node) (*Replay, error) {
	r := &Replay{moulds: map[asked]mould{}, elsewhere: map[string]mould{}, changes: map[string]bool{}, after: map[int]int{}, unknown: map[string]int{}}
	for _, answer := range recording.Answers {
		answer = cluster(answer, nodes)
		reply, err := Encode(answer)
		if err != nil {
			return nil, err
		}
		key := asked{Key(answer.Query), answer.After}
		if _, twice := r.moulds[key]; twice {
			return nil, fmt.Errorf("recorded twice: %s", answer.Query)
		}
		r.moulds[key] = newMould(reply)
		if strings.Contains(answer.Query, state) {
			answer.Rows = nil
			if reply, err = Encode(answer); err != nil {
				return nil, err
			}
			r.elsewhere[key.query] = newMould(reply)
		}
		if answer.Changes {
			r.changes[key.query] = true
		}
	}
	return r, nil
}

// state is in the queries of the state's rows.
const state = "FROM `skein`.`migrations_local`"

// cluster has the rows that tell of nodes tell of these: recorded is one for each cluster's
// first node.
func cluster(answer Answer, nodes []Node) Answer {
	at := -1
	for i, column := range answer.Columns {
		if column.Name == "host_name" {
			at = i
		}
	}
	if at < 0 {
		return answer
	}
	var rows [][]string
	for _, row := range answer.Rows {
		if row[at+2] != "1" || row[at+3] != "1" {
			continue
		}
		for _, node := range nodes {
			own := slices.Clone(row)
			own[at+1], own[at+2], own[at+3] = strconv.Itoa(node.Port), strconv.Itoa(node.Shard), strconv.Itoa(node.Replica)
			rows = append(rows, own)
		}
	}
	answer.Rows = rows
	return answer
}

// Connect implements Handler.
func (r *Replay) Connect(_ context.Context, node Node, _ string) (Session, error) {
	return replaying{r, node}, nil
}

type replaying struct {
	replay *Replay
	node   Node
}

// Close implements Session.
func (replaying) Close() {}

// Answer implements Session.
func (s replaying) Answer(_ context.Context, query Query) Reply {
	key := Key(s.node.AsRecorded(query.Body))
	s.replay.mu.Lock()
	s.replay.answers++
	m, known := s.replay.moulds[asked{key, Number(key, s.replay.after[s.node.Number])}]
	if other, there := s.replay.elsewhere[key]; there && s.node.Shard > 1 {
		m = other
	}
	if !known {
		s.replay.unknown[key]++
	} else if s.replay.changes[key] {
		s.replay.after[s.node.Number]++
	}
	s.replay.mu.Unlock()
	if !known {
		var b proto.Buffer
		exception(&b, notImplemented, "the simulation does not know the answer to: "+query.Body)
		return Reply{First: b.Buf}
	}
	return m.cast(s.node)
}

// notImplemented is a code of ClickHouse's.
const notImplemented = 48

// Unknown lists the queries that no answer was known to, in the words of the recorded node.
func (r *Replay) Unknown() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.unknown))
}

// Answers is how many queries were answered since the last Reset.
func (r *Replay) Answers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answers
}

// Changed is how many nodes have run a statement that changes the schema since the last Reset.
func (r *Replay) Changed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.after)
}

// Reset makes the nodes forget what they have run, and the count of answers. What was
// unknown stays.
func (r *Replay) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.after, r.answers = map[int]int{}, 0
}

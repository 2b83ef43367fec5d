package cluster

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/journal"
)

// onCluster sends the statement to one node, which hands it to all through the
// distributed DDL queue, and reads a row for each host. Hosts that refused in a
// way that allows it are then asked directly.
func (s *sending) onCluster(ctx context.Context) error {
	queue := s.cluster.queue()
	var notSent []error
	for _, initiator := range s.step.Nodes {
		// What is in the queue now, so that our entry can be found when the
		// connection breaks before its name is known.
		known, unread := queue.entries(ctx, initiator.Name())
		err := s.initiate(ctx, initiator)
		if isRunError(err) {
			return err
		}
		if err != nil && Classify(err) == NotSent {
			notSent = append(notSent, err)
			continue
		}
		if unread != nil {
			known = nil
		} else if known == nil {
			known = []string{}
		}
		if err := s.settle(ctx, queue, known, initiator, err); err != nil {
			return err
		}
		return s.again(ctx)
	}
	for _, node := range s.step.Nodes {
		s.record(node.Name(), answer{outcome: journal.Failed, text: "not sent: " + oneLine(errors.Join(notSent...))})
	}
	return nil
}

func (s *sending) initiate(ctx context.Context, initiator journal.Node) error {
	facts, err := s.cluster.node(ctx, initiator.Name())
	if err != nil {
		return err
	}
	if err := s.x.Confirm(ctx); err != nil {
		return err
	}
	query := s.query(facts, initiator.Name())
	query.OnRow = s.row
	return s.watched(ctx, initiator.Name(), query.ID, func(ctx context.Context) error {
		return s.cluster.pool(initiator.Name()).Run(ctx, query)
	})
}

// row reads "host port status error num_hosts_remaining num_hosts_active". A
// NULL status is unknown.
func (s *sending) row(row []string) {
	if len(row) < 4 {
		return
	}
	name := net.JoinHostPort(row[0], row[1])
	if !s.isOurs(name) {
		return
	}
	s.record(name, statusAnswer(row[2], row[3]))
}

func statusAnswer(status, text string) answer {
	code, err := strconv.Atoi(status)
	switch {
	case status == wire.Null || err != nil:
		return answer{outcome: journal.Unknown, text: "no status yet"}
	case code == 0:
		return answer{outcome: journal.Done}
	}
	return answerOf(&journal.NodeError{Code: code, Sent: true, Err: errors.New(text)})
}

func (s *sending) isOurs(name string) bool {
	return slices.ContainsFunc(s.step.Nodes, func(n journal.Node) bool { return n.Name() == name })
}

// settle decides about the hosts that gave no row. After a plain refusal they
// did nothing; after an unknown outcome the queue entry is watched.
func (s *sending) settle(ctx context.Context, queue *ddlQueue, known []string, initiator journal.Node, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	silent := s.silent()
	if len(silent) == 0 || err == nil {
		return nil
	}
	class := Classify(err)
	entry := queueEntry(err.Error())
	// An older entry must not be taken for ours: known is nil when it was not read.
	if entry == "" && class == UnknownOutcome && known != nil {
		entry = queue.added(ctx, known, initiator, s.step)
	}
	if entry == "" && class != UnknownOutcome && len(silent) == len(s.step.Nodes) {
		for _, node := range silent {
			s.record(node, answerOf(err))
		}
		return nil
	}
	if entry != "" {
		if err := s.watchEntry(ctx, queue, entry, silent); err != nil {
			return err
		}
	}
	for _, node := range s.silent() {
		a := answerOf(err)
		a.outcome = journal.Unknown
		if entry != "" {
			a.text = "distributed DDL " + entryName(entry) + " still lists it as unfinished"
		}
		s.record(node, a)
	}
	return nil
}

// silent lists the nodes that have not answered.
func (s *sending) silent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, node := range s.step.Nodes {
		if a, ok := s.answers[node.Name()]; !ok || a.outcome == journal.Unknown && a.code == 0 {
			out = append(out, node.Name())
		}
	}
	return out
}

// again asks directly what refused in a way that allows it: 517 and its kin
// changed nothing there, and the queue entry of that host is finished.
func (s *sending) again(ctx context.Context) error {
	var groups [][]journal.Node
	for _, group := range s.step.Groups {
		for _, node := range group {
			s.mu.Lock()
			a := s.answers[node.Name()]
			s.mu.Unlock()
			if a.outcome == journal.Failed && a.code != 0 &&
				Classify(&journal.NodeError{Code: a.code, Sent: true}) == BackOff {
				groups = append(groups, []journal.Node{node})
				break
			}
		}
	}
	if len(groups) == 0 {
		return nil
	}
	direct := *s.withoutCluster()
	if err := direct.direct(ctx, groups); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for node, a := range direct.answers {
		s.answers[node] = a
	}
	return nil
}

func (s *sending) withoutCluster() *sending {
	step := s.step
	step.OnCluster, step.Text = "", step.Statement.SQL("")
	return &sending{cluster: s.cluster, x: s.x, step: step, answers: map[string]answer{}}
}

// isRunError says that an error is the run's own, not a node's answer.
func isRunError(err error) bool {
	var lost *journal.LockLostError
	return errors.As(err, &lost)
}

func codeOf(err error) int {
	var node *journal.NodeError
	if errors.As(err, &node) {
		return node.Code
	}
	return 0
}

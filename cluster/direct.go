package cluster

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// direct sends the statement to one node of every group, to so many groups at once as
// Options.NodeConcurrency says. Groups share no ZooKeeper path, so that no two ALTERs of
// one table meet.
func (s *sending) direct(ctx context.Context, groups [][]journal.Node) error {
	var g errgroup.Group
	g.SetLimit(s.cluster.options.NodeConcurrency)
	for _, group := range groups {
		g.Go(func() error { return s.toGroup(ctx, group) })
	}
	return g.Wait()
}

// toGroup sends the statement to the first node of a group that takes it. Its
// error is for the run (the lock was lost, the context ended); what nodes
// answer is recorded.
func (s *sending) toGroup(ctx context.Context, group []journal.Node) error {
	var refusals []string
	for _, node := range group {
		sent, err := s.toNode(ctx, node)
		if err != nil {
			return err
		}
		if sent == nil {
			return nil
		}
		text := oneLine(unwrapNode(sent))
		if len(group) > 1 {
			text = node.Name() + ": " + text
		}
		refusals = append(refusals, text)
	}
	for _, node := range group {
		s.record(node.Name(), answer{
			outcome: journal.Failed,
			text:    "not sent: " + strings.Join(refusals, "; "),
		})
	}
	return nil
}

// toNode sends the statement to one node, again with back-off where that is
// safe. notSent is set when nothing reached the node, so that another may be asked.
func (s *sending) toNode(ctx context.Context, node journal.Node) (notSent, err error) {
	facts, err := s.cluster.node(ctx, node.Name())
	if err != nil {
		return err, ctx.Err()
	}
	try := func() (struct{}, error) {
		if err := s.x.Confirm(ctx); err != nil {
			return struct{}{}, backoff.Permanent(err)
		}
		query := s.query(facts, node.Name())
		err := s.watched(ctx, node.Name(), query.ID, func(ctx context.Context) error {
			return s.cluster.pool(node.Name()).Run(ctx, query)
		})
		if err != nil && Classify(err) != BackOff {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}
	_, failure := backoff.Retry(ctx, try, backoff.WithMaxElapsedTime(s.cluster.options.WaitLimit),
		backoff.WithNotify(func(err error, in time.Duration) {
			s.x.Emit(journal.Retrying{
				Key: s.step.Key, Step: s.step.Index, Nodes: []string{node.Name()}, Why: oneLine(unwrapNode(err)), In: in,
			})
		}))
	switch {
	case failure == nil:
		s.record(node.Name(), answer{outcome: journal.Done})
		return nil, nil
	case isRunError(failure):
		return nil, failure
	case Classify(failure) == NotSent:
		return failure, nil
	}
	s.record(node.Name(), answerOf(failure))
	return nil, ctx.Err()
}

// watched runs a statement and looks after its node: it says what runs, and
// gives it up when the node itself has not answered for the limit, or when it has
// not run the query, by its ID if there is one, for the limit, and no answer came.
func (s *sending) watched(ctx context.Context, node, queryID string, run func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var watch sync.WaitGroup
	watch.Go(func() { s.watch(ctx, node, queryID, cancel) })
	err := run(ctx)
	cancel(nil)
	watch.Wait()
	return err
}

// watch has no limit as long as the node answers: a statement may take hours.
func (s *sending) watch(ctx context.Context, node, queryID string, giveUp context.CancelCauseFunc) {
	wait := s.wait()
	wait.Began, wait.Limit, wait.Pause = time.Now(), 0, time.Second
	if await.Sleep(ctx, await.Quiet) != nil {
		return
	}
	lastAnswer, lastRan := time.Now(), time.Now()
	runs := func() string { return s.runs(node) }
	wait.Asking = runs
	err := wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		look, cancel := context.WithTimeout(ctx, lookTimeout)
		defer cancel()
		if s.cluster.pool(node).Ping(look) == nil {
			lastAnswer = time.Now()
			if s.cluster.executes(look, node, queryID) {
				lastRan = time.Now()
				return await.Look{Reason: runs()}, nil
			}
			// A moment of it is nothing: it may have yet to begin, or its answer be on the way.
			switch since := time.Since(lastRan); {
			case since > s.cluster.options.WaitLimit:
				return await.Look{}, fmt.Errorf("%s does not run it any more, and its answer did not come for %s", node, since.Round(time.Second))
			case since > lookTimeout:
				return await.Look{Reason: node + " does not run " + s.step.Statement.Summary + " any more, and its answer has yet to come"}, nil
			}
			return await.Look{Reason: runs()}, nil
		}
		if silent := time.Since(lastAnswer); silent > s.cluster.options.WaitLimit {
			return await.Look{}, fmt.Errorf("%s has not answered for %s", node, silent.Round(time.Second))
		}
		return await.Look{Reason: runs() + ", and does not answer"}, nil
	})
	if ctx.Err() == nil {
		giveUp(err)
	}
}

// executes says whether a node executes a query, as far as can be told.
func (c *Cluster) executes(ctx context.Context, node, queryID string) bool {
	if queryID == "" {
		return true
	}
	rows, err := c.Query(ctx, node, "SELECT 1 FROM system.processes WHERE query_id = "+ops.String(queryID))
	return err != nil || len(rows) > 0
}

// runs says what a node is busy with; with ON CLUSTER, which nodes have not
// finished it.
func (s *sending) runs(node string) string {
	text := node + " runs " + s.step.Statement.Summary
	if silent := s.silent(); s.step.OnCluster != "" && len(silent) > 0 {
		text += ", unfinished on " + strings.Join(silent, ", ")
	}
	return text
}

// call runs a Go function. It has no conditions: its error decides.
func (s *sending) call(ctx context.Context) error {
	if err := s.x.Confirm(ctx); err != nil {
		return err
	}
	err := s.step.Statement.Call.Func(ctx, &db{sending: s})
	a := answer{outcome: journal.Done}
	if err != nil {
		a = answer{outcome: journal.Failed, text: oneLine(err)}
		if ctx.Err() != nil {
			a.outcome = journal.Unknown
		}
	}
	for _, node := range s.step.Nodes {
		s.record(node.Name(), a)
	}
	return ctx.Err()
}

// db is what a Go function may do.
type db struct{ sending *sending }

func (d *db) Nodes() []string { return journal.Names(d.sending.step.Nodes) }

func (d *db) Exec(ctx context.Context, node, sql string) error {
	s := d.sending
	if err := s.x.Confirm(ctx); err != nil {
		return err
	}
	facts, err := s.cluster.node(ctx, node)
	if err != nil {
		return err
	}
	queryID := s.queryID(node)
	return s.watched(ctx, node, queryID, func(ctx context.Context) error {
		return s.cluster.pool(node).Run(ctx, wire.Query{
			ID: queryID, SQL: sql, Reveal: true, Settings: s.settings(facts, false),
		})
	})
}

func (d *db) Query(ctx context.Context, node, sql string) ([][]string, error) {
	var rows [][]string
	err := d.sending.watched(ctx, node, "", func(ctx context.Context) (err error) {
		rows, err = d.sending.cluster.pool(node).Rows(ctx, wire.Query{SQL: sql})
		return err
	})
	return rows, err
}

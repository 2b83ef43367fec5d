package cluster

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// answer is what one node said of a statement. The zero value: it was not
// asked, another node of its replica set was.
type answer struct {
	outcome journal.Outcome
	code    int
	text    string
}

func answerOf(err error) answer {
	if err == nil {
		return answer{outcome: journal.Done}
	}
	a := answer{outcome: journal.Failed, code: codeOf(err), text: oneLine(unwrapNode(err))}
	if Classify(err) == UnknownOutcome {
		a.outcome = journal.Unknown
	}
	return a
}

// sending is one statement under way.
type sending struct {
	cluster *Cluster
	x       plan.Execution
	step    plan.Step

	mu      sync.Mutex
	answers map[string]answer
}

func (s *sending) record(node string, a answer) {
	a.text = s.cluster.secrets.Redact(a.text)
	s.mu.Lock()
	s.answers[node] = a
	s.mu.Unlock()
	s.x.Emit(journal.HostFinished{
		Key: s.step.Key, Step: s.step.Index, Summary: s.step.Statement.Summary,
		Host: journal.HostOutcome{Node: node, Outcome: a.outcome, Code: a.code, Error: a.text},
	})
}

// Run sends a step to its nodes, reads every node's answer, and waits until
// each of them meets the statement's conditions. The outcomes are in the order
// of the step's nodes. A step that did not work everywhere is an error; what
// happened where is in the outcomes. It ends with its context, leaving the
// outcome of what is in flight unknown.
func (c *Cluster) Run(ctx context.Context, x plan.Execution, step plan.Step) ([]journal.HostOutcome, error) {
	check := c.checker(step)
	had := map[string]bool{} // of nodes that met the conditions before it
	alone := c.okDecides(step)
	if alone {
		had[step.Nodes[0].Name()] = true // it may have: its refusal is one
	} else {
		for _, v := range check.lookBefore(ctx) {
			had[v.Node] = v.Verdict == journal.Holds
		}
	}
	check.remember(ctx)
	c.seen.forget(step.Statement)
	defer c.seen.forget(step.Statement) // others may have looked while it ran
	s := &sending{cluster: c, x: x, step: step, answers: map[string]answer{}}
	if err := s.needed(ctx); err != nil {
		return s.outcomes(nil), err
	}
	x.Emit(journal.StatementSent{
		Key: step.Key, Step: step.Index, Of: step.Of, Summary: step.Statement.Summary,
		Nodes: len(step.Nodes), Text: step.Text, OnCluster: step.OnCluster,
	})
	began := time.Now()
	mutated, err := s.mutationsBefore(ctx)
	if err != nil {
		s.notSent(err)
		return s.outcomes(nil), err
	}
	switch {
	case step.Statement.Call != nil:
		err = s.call(ctx)
	case step.OnCluster != "":
		err = s.onCluster(ctx)
	default:
		err = s.direct(ctx, step.Groups)
	}
	if err != nil {
		return s.outcomes(nil), err
	}
	s.excuseLeftOut(ctx)
	var verdicts []journal.NodeVerdict
	if !alone || len(s.unsure()) > 0 {
		if verdicts, err = s.converge(ctx, check, had); err != nil {
			return s.outcomes(verdicts), err
		}
	}
	if mutated != nil {
		if err := mutated.wait(ctx); err != nil {
			s.unfinished(err)
			return s.outcomes(nil), err
		}
	}
	x.Emit(journal.Converged{
		Key: step.Key, Step: step.Index, Of: step.Of, Summary: step.Statement.Summary,
		Nodes: len(step.Nodes), Took: time.Since(began),
	})
	return s.outcomes(verdicts), nil
}

// conditional are statements with which a server may say OK and do nothing.
var conditional = regexp.MustCompile(`(?i)\bIF\b`)

// okDecides says that a server's own OK is convergence: it is the only one. A RENAME of
// several tables that is refused may have renamed some of them (26.7), so that what was
// there before has to be known.
func (c *Cluster) okDecides(step plan.Step) bool {
	moves := func(condition ops.Condition) bool { return len(moved(condition)) > 0 }
	return c.options.SingleNode && len(step.Nodes) == 1 && step.OnCluster == "" &&
		!conditional.MatchString(step.Text) && !slices.ContainsFunc(step.Statement.After, moves)
}

// needed refuses a statement that nodes would answer with OK and do nothing.
func (s *sending) needed(ctx context.Context) error {
	if len(s.step.Statement.Needs) == 0 {
		return nil
	}
	before := s.step
	before.Statement.After = before.Statement.Needs
	var missing []string
	for _, v := range s.cluster.Check(ctx, before) {
		if v.Verdict != journal.Holds {
			s.answers[v.Node] = answer{outcome: journal.Failed, text: "not sent: " + v.Why}
			missing = append(missing, v.Node+": "+v.Why)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not sent: %s", strings.Join(missing, "; "))
	}
	return nil
}

// notSent says of every node why it was not asked. Nothing has happened there,
// and resume need not ask whether it has.
func (s *sending) notSent(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, node := range s.step.Nodes {
		s.answers[node.Name()] = answer{outcome: journal.Failed, text: s.cluster.secrets.Redact("not sent: " + oneLine(err))}
	}
}

// outcomes joins what the nodes answered with what they look like now: a node
// that meets the conditions is done, whatever it said on the way.
func (s *sending) outcomes(verdicts []journal.NodeVerdict) []journal.HostOutcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	byNode := make(map[string]journal.NodeVerdict, len(verdicts))
	for _, v := range verdicts {
		byNode[v.Node] = v
	}
	out := make([]journal.HostOutcome, len(s.step.Nodes))
	for i, node := range s.step.Nodes {
		a := s.answers[node.Name()]
		out[i] = journal.HostOutcome{Node: node.Name(), Outcome: a.outcome, Code: a.code, Error: a.text}
		if v, looked := byNode[node.Name()]; looked {
			out[i] = join(out[i], v)
		}
		if out[i].Outcome == "" {
			out[i].Outcome = s.unasked()
		}
	}
	return out
}

// unasked is what is known of a node that gave no answer of its own: another
// node of its replica set was asked, or, with ON CLUSTER, nothing.
func (s *sending) unasked() journal.Outcome {
	if s.step.OnCluster == "" && len(s.step.Statement.After) == 0 {
		return journal.Skipped
	}
	return journal.Unknown
}

func join(o journal.HostOutcome, v journal.NodeVerdict) journal.HostOutcome {
	switch {
	case v.Verdict == journal.Holds && o.Outcome != journal.Failed:
		return journal.HostOutcome{Node: o.Node, Outcome: journal.Done}
	case o.Outcome == journal.Failed:
		return o
	case v.Verdict == journal.Conflict:
		o.Outcome = journal.Failed
	default:
		if o.Error != "" && o.Outcome == journal.Unknown && v.Why != "" {
			o.Error, o.Code = v.Why+"; "+o.Error, 0
		}
		o.Outcome = journal.Unknown
	}
	if o.Error == "" {
		o.Error = v.Why
	}
	return o
}

// converge waits until every node meets the conditions, and ends early where
// waiting cannot help: a conflict, or a refusal by the only node that could
// have done it. Without conditions the answers decide alone.
func (s *sending) converge(ctx context.Context, check *checker, had map[string]bool) ([]journal.NodeVerdict, error) {
	began := time.Now()
	var verdicts []journal.NodeVerdict
	wait := s.wait()
	wait.Pause = 20 * time.Millisecond
	wait.Asking = func() string { return "the answers of " + few(journal.Names(s.step.Nodes)) }
	err := wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		verdicts = check.look(ctx)
		s.forgive(verdicts, had)
		open, hopeless := s.open(verdicts, time.Since(began))
		switch all := strings.Join(slices.Concat(hopeless, open), "; "); {
		case len(open) == 0 && len(hopeless) == 0:
			return await.Look{Done: true}, nil
		case len(open) == 0 || len(s.step.Statement.After) == 0:
			return await.Look{}, errors.New(all)
		default:
			return await.Look{Reason: all}, nil
		}
	})
	var over *await.OverError
	if errors.As(err, &over) {
		err = fmt.Errorf("nodes did not converge in %s: %s", over.Limit, over.Reason)
	}
	return verdicts, err
}

// wait is how a statement's nodes are waited for.
func (s *sending) wait() await.Wait {
	return await.Wait{Key: s.step.Key, Step: s.step.Index, Emit: s.x.Emit, Limit: s.cluster.options.WaitLimit}
}

// forgive takes back the refusal of a node that meets the conditions and did
// not before: its effect came with this statement. Through a flat cluster each
// replica runs a Replicated ALTER, and all but one refuse what has landed (seen).
func (s *sending) forgive(verdicts []journal.NodeVerdict, had map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range verdicts {
		if v.Verdict == journal.Holds && !had[v.Node] && s.answers[v.Node].outcome == journal.Failed {
			s.answers[v.Node] = answer{outcome: journal.Done}
		}
	}
}

// settleTime is how long a replica set in which one node refused is still
// watched: another of its nodes may have done it in its place.
const settleTime = 2 * time.Second

// open lists the nodes that may still get there, and those that cannot, each
// with its reason.
func (s *sending) open(verdicts []journal.NodeVerdict, waited time.Duration) (open, hopeless []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(verdicts) == 0 {
		return nil, s.unsure()
	}
	byNode := map[string]journal.NodeVerdict{}
	for _, v := range verdicts {
		byNode[v.Node] = v
	}
	for _, group := range s.step.Groups {
		// Only one node of a replica set runs a Replicated ALTER. Through ON CLUSTER
		// the others answer "done" whatever became of it: what they look like counts.
		refusal := s.refusal(group)
		landed := slices.ContainsFunc(group, func(n journal.Node) bool {
			return byNode[n.Name()].Verdict == journal.Holds && s.answers[n.Name()].outcome != journal.Failed
		})
		for _, node := range group {
			v, failed := byNode[node.Name()], s.answers[node.Name()].outcome == journal.Failed
			switch {
			case v.Verdict == journal.Holds && !failed:
			case v.Verdict == journal.Conflict && !failed:
				hopeless = append(hopeless, v.Node+": "+v.Why)
			case refusal == "" || landed || len(group) > 1 && waited < settleTime:
				open = append(open, v.Node+": "+v.Why)
			case failed:
				hopeless = append(hopeless, v.Node+": "+s.answers[v.Node].text)
			default:
				hopeless = append(hopeless, v.Node+": "+refusal)
				s.answers[v.Node] = answer{outcome: journal.Failed, text: refusal}
			}
		}
	}
	return open, hopeless
}

// refusal is what the first node of a replica set that refused said.
func (s *sending) refusal(group []journal.Node) string {
	for _, node := range group {
		if a := s.answers[node.Name()]; a.outcome == journal.Failed {
			return node.Name() + " refused: " + a.text
		}
	}
	return ""
}

func (s *sending) anyDone(group []journal.Node) bool {
	return slices.ContainsFunc(group, func(n journal.Node) bool {
		return s.answers[n.Name()].outcome == journal.Done
	})
}

// unsure lists the nodes that did not say "done": all there is to go by when a
// statement has no conditions.
func (s *sending) unsure() []string {
	var out []string
	for _, node := range s.step.Nodes {
		a, answered := s.answers[node.Name()]
		switch {
		case a.outcome == journal.Failed || a.outcome == journal.Unknown:
			out = append(out, node.Name()+": "+a.text)
		case !answered && s.step.OnCluster != "":
			out = append(out, node.Name()+": gave no answer")
		}
	}
	return out
}

// unfinished says of every node that the mutation which it took is not known
// to be done.
func (s *sending) unfinished(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for node := range s.answers {
		s.answers[node] = answer{outcome: journal.Unknown, text: oneLine(err)}
	}
}

// queryID is the ID of every query of a run, by which it can be found and ended.
func (s *sending) queryID(node string) string {
	return fmt.Sprintf("skein-%s-%s-%d-%s-%d", s.x.RunID, s.step.Key, s.step.Index, node, time.Now().UnixNano()%1e6)
}

func (s *sending) query(node nodeFacts, name string) wire.Query {
	return wire.Query{
		ID:       s.queryID(name),
		SQL:      s.step.Text,
		Reveal:   true,
		Settings: s.settings(node, s.step.OnCluster != ""),
	}
}

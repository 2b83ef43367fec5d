package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/journal"
)

// Health reads what the checks of package doctor judge of one configured cluster.
// What cannot be read is among the facts, and so is a cluster that cannot be opened.
type Health interface {
	Health(ctx context.Context, inquiry doctor.Inquiry) doctor.Cluster
}

// Checkup says what Doctor is to look at.
type Checkup struct {
	Checks []doctor.Check
	Limits doctor.Limits
	// Lock says how the lock is doing.
	Lock func(ctx context.Context) doctor.Lock
}

// checkupLimit is how long what is beside single nodes may take to be read: the
// state, the plan, the comparison of tables.
const checkupLimit = 25 * time.Second

// Doctor looks at every configured cluster, the lock and the state, and judges what
// it finds. It takes no lock and changes nothing. That something is not well is no
// error; that ctx ended is.
func (c *Coordinator) Doctor(ctx context.Context, r Checkup) ([]doctor.Finding, error) {
	names, err := c.configured()
	if err != nil {
		return nil, err
	}
	needs := doctor.Needs(r.Checks)
	facts := doctor.Facts{Clusters: make([]doctor.Cluster, len(names))}
	tables := map[string]doctor.Tables{}
	var g sync.WaitGroup
	for i, name := range names {
		g.Go(func() {
			facts.Clusters[i] = c.options.Health.Health(ctx, doctor.Inquiry{Cluster: name, Parts: needs})
		})
	}
	for part, read := range map[doctor.Part]func(context.Context){
		doctor.PartLock:   func(ctx context.Context) { facts.Lock = r.Lock(ctx) },
		doctor.PartState:  func(ctx context.Context) { facts.State = c.stateFacts(ctx) },
		doctor.PartPlan:   func(ctx context.Context) { facts.Plan = c.planFacts(ctx) },
		doctor.PartTables: func(ctx context.Context) { tables = c.tableFacts(ctx) },
	} {
		if !needs.Has(part) {
			continue
		}
		g.Go(func() {
			ctx, cancel := context.WithTimeoutCause(ctx, checkupLimit, fmt.Errorf("no answer in %s", checkupLimit))
			defer cancel()
			read(ctx)
		})
	}
	g.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("look at the clusters: %w", err)
	}
	for i := range facts.Clusters {
		facts.Clusters[i].Tables = tables[facts.Clusters[i].Name]
	}
	return doctor.Judge(r.Checks, facts, r.Limits), nil
}

// configured lists the clusters that storage sets are on.
func (c *Coordinator) configured() ([]string, error) {
	var names []string
	for _, set := range c.options.Sets.Keys() {
		name, err := c.options.Sets.Cluster(set)
		if err != nil {
			return nil, &journal.UsageError{Err: err}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (c *Coordinator) stateFacts(ctx context.Context) doctor.State {
	var s doctor.State
	var err error
	if s.Missing, s.Of, err = c.options.States.Missing(ctx); err != nil {
		return doctor.State{Problem: wholly(ctx, err)}
	}
	if len(s.Missing) == s.Of {
		return s
	}
	if len(s.Missing) > 0 {
		rows, err := c.options.States.Rows(ctx)
		if err != nil {
			return doctor.State{Problem: wholly(ctx, err)}
		}
		s.Rows = rows > 0
		return s
	}
	state, err := c.options.States.Read(ctx, false)
	if err != nil {
		return doctor.State{Problem: wholly(ctx, err)}
	}
	for key, entry := range state {
		switch entry.Status {
		case journal.Completed:
			s.Migrations++
		case journal.InProgress:
			s.InProgress = append(s.InProgress, doctor.Open{
				Key: key, Since: entry.Timestamp, Step: entry.Step, Of: entry.Steps, Direction: entry.Direction, Error: entry.Error,
			})
		}
	}
	slices.SortFunc(s.InProgress, func(a, b doctor.Open) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	for _, node := range entries(state).owedNodes() {
		owed := doctor.Owed{Node: node}
		for _, key := range entries(state).owedTo(node) {
			owed.Migrations = append(owed.Migrations, key.String())
		}
		s.Owed = append(s.Owed, owed)
	}
	return s
}

// wholly is all lines of an error, which say what to do about it.
func wholly(ctx context.Context, err error) string {
	if ctx.Err() != nil {
		return "the state could not be read: " + reason(ctx, err)
	}
	return err.Error()
}

// planFacts are of all that is pending.
func (c *Coordinator) planFacts(ctx context.Context) doctor.Plan {
	p, err := c.pendingPlan(ctx)
	if err != nil {
		return doctor.Plan{Problem: reason(ctx, err)}
	}
	return p
}

func (c *Coordinator) pendingPlan(ctx context.Context) (doctor.Plan, error) {
	state, err := c.readAnyhow(ctx)
	if err != nil {
		return doctor.Plan{}, err
	}
	r := Request{Force: true, NoValidate: true, AllowDirty: true}
	targets, err := migrate(c, state, r)
	if err != nil {
		return doctor.Plan{}, err
	}
	plans, err := c.plan(ctx, state, targets, r)
	if err != nil {
		return doctor.Plan{}, err
	}
	rewrites, err := c.rewrites(ctx, plans)
	return doctor.Plan{Rewrites: rewrites}, err
}

// tableFacts are by configured cluster.
func (c *Coordinator) tableFacts(ctx context.Context) map[string]doctor.Tables {
	out := map[string]doctor.Tables{}
	inquiries, err := c.inquiries("")
	if err != nil {
		return out // configured() has said it
	}
	for _, inquiry := range inquiries {
		report, err := c.options.Comparer.Compare(ctx, inquiry)
		if err != nil {
			out[inquiry.Cluster] = doctor.Tables{Problem: reason(ctx, err)}
			continue
		}
		out[inquiry.Cluster] = gaps(report, inquiry.Homes)
	}
	return out
}

// reason is the first line of why something could not be read. Where that took too
// long, an error tells only how it was cut off.
func reason(ctx context.Context, err error) string {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func gaps(report compare.Report, homes map[compare.Name]compare.Home) doctor.Tables {
	t := doctor.Tables{Looked: report.Tables}
	at, other := map[compare.Name]int{}, map[compare.Name]bool{}
	for _, d := range report.Differences {
		if d.What != string(compare.KindTable) {
			other[d.Name] = true
			continue
		}
		i, seen := at[d.Name]
		if !seen {
			i = len(t.Gaps)
			at[d.Name] = i
			_, whole := homes[d.Name]
			_, bare := homes[compare.Name{Table: d.Table}]
			t.Gaps = append(t.Gaps, doctor.Gap{Table: d.Name.String(), OfAMigration: whole || bare})
		}
		if d.Has == "" {
			t.Gaps[i].Missing = append(t.Gaps[i].Missing, d.Node)
			t.Gaps[i].On = d.MostNodes
		} else {
			t.Gaps[i].On = append(t.Gaps[i].On, d.Node)
			t.Gaps[i].FoundNotGiven = true
		}
	}
	for name := range other {
		if _, gap := at[name]; !gap {
			t.Other++
		}
	}
	return t
}

// notWell is the error of findings before a change.
func notWell(findings []doctor.Finding) error {
	var lines []string
	for _, finding := range findings {
		lines = append(lines, finding.Check+"  "+finding.Words())
	}
	if len(lines) == 0 {
		return nil
	}
	return &journal.PreflightError{Err: errors.New("the nodes are not fit for this change, nothing was changed\n  " + strings.Join(lines, "\n  ") +
		"\nWhat to do about it: skein doctor. To go on all the same: --skip-check " + findings[0].Check)}
}

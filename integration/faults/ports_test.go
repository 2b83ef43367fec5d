package faults

import (
	"context"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// gate is passed at every call that the coordinator makes of its ports, before
// the call, and at every event. Nothing happens outside skein between the end of one call and the
// beginning of the next, so that these are all the moments at which its death
// can differ.
type gate func(call string)

// gated puts a gate before every call of every port.
func gated(o coordinator.Options, pass gate) coordinator.Options {
	ports := gatedPorts{servers: o.Servers, observer: o.Observer, states: o.States, rows: o.Rows, pass: pass}
	o.Servers, o.Observer, o.States, o.Rows = ports, ports, ports, ports
	o.Sizer, o.Comparer = gatedReader{o.Sizer, o.Comparer, pass}, gatedReader{o.Sizer, o.Comparer, pass}
	looks := gatedLooks{paths: o.Paths, parser: o.Parser, definer: o.Definer, pass: pass}
	o.Paths, o.Parser, o.Definer = looks, looks, looks
	o.Locker = gatedLocker{o.Locker, pass}
	trail := o.Trail
	o.Trail = func(runID string) coordinator.Trail { return gatedTrail{trail(runID), pass} }
	return o
}

type gatedPorts struct {
	servers  coordinator.Servers
	observer coordinator.Observer
	states   coordinator.States
	rows     coordinator.Rows
	pass     gate
}

func (g gatedPorts) Facts(ctx context.Context, clusters []string) ([]plan.Facts, error) {
	g.pass("server: facts")
	return g.servers.Facts(ctx, clusters)
}

func (g gatedPorts) Run(ctx context.Context, x plan.Execution, step plan.Step) ([]journal.HostOutcome, error) {
	g.pass("server: run " + step.Statement.Summary)
	return g.servers.Run(ctx, x, step)
}

func (g gatedPorts) InactiveReplicas(ctx context.Context, clusters []string, emit journal.Sink) ([]journal.InactiveReplica, int, error) {
	g.pass("server: inactive replicas")
	return g.servers.InactiveReplicas(ctx, clusters, emit)
}

func (g gatedPorts) Check(ctx context.Context, step plan.Step) []journal.NodeVerdict {
	g.pass("server: check " + step.Statement.Summary)
	return g.observer.Check(ctx, step)
}

func (g gatedPorts) Present(ctx context.Context, steps, next []plan.Step) (journal.Snapshot, error) {
	g.pass("server: present")
	return g.observer.Present(ctx, steps, next)
}

func (g gatedPorts) AwaitPredecessor(ctx context.Context, x plan.Execution, runID string, steps []plan.Step) error {
	g.pass("server: await predecessor")
	return g.observer.AwaitPredecessor(ctx, x, runID, steps)
}

func (g gatedPorts) Missing(ctx context.Context) ([]string, int, error) {
	g.pass("state: missing")
	return g.states.Missing(ctx)
}

func (g gatedPorts) Read(ctx context.Context, barrier bool) (map[journal.Key]journal.Entry, error) {
	g.pass("state: read")
	return g.states.Read(ctx, barrier)
}

func (g gatedPorts) Rows(ctx context.Context) (int, error) {
	g.pass("state: rows")
	return g.states.Rows(ctx)
}

func (g gatedPorts) Write(ctx context.Context, entries ...journal.Entry) error {
	g.pass("state: write")
	return g.rows.Write(ctx, entries...)
}

func (g gatedPorts) WriteAnyhow(ctx context.Context, entries ...journal.Entry) error {
	g.pass("state: write anyhow")
	return g.rows.WriteAnyhow(ctx, entries...)
}

type gatedReader struct {
	sizer    coordinator.Sizer
	comparer coordinator.Comparer
	pass     gate
}

func (g gatedReader) Holdings(ctx context.Context, inquiry danger.Inquiry) (map[string]danger.Holding, error) {
	g.pass("server: holdings")
	return g.sizer.Holdings(ctx, inquiry)
}

func (g gatedReader) Compare(ctx context.Context, inquiry compare.Inquiry) (compare.Report, error) {
	g.pass("server: compare")
	return g.comparer.Compare(ctx, inquiry)
}

type gatedLooks struct {
	paths   coordinator.Paths
	parser  coordinator.Parser
	definer coordinator.Definer
	pass    gate
}

func (g gatedLooks) FreePaths(ctx context.Context, steps []plan.Step) error {
	g.pass("server: free paths")
	return g.paths.FreePaths(ctx, steps)
}

func (g gatedLooks) Parse(ctx context.Context, cluster string, texts []string) ([]string, error) {
	g.pass("server: parse")
	return g.parser.Parse(ctx, cluster, texts)
}

func (g gatedLooks) Definition(ctx context.Context, cluster, node string, created ops.Created) (string, error) {
	g.pass("server: definition")
	return g.definer.Definition(ctx, cluster, node, created)
}

type gatedLocker struct {
	coordinator.Locker
	pass gate
}

func (g gatedLocker) Acquire(ctx context.Context, holder journal.Holder, floor uint64) (context.Context, coordinator.Lease, error) {
	g.pass("lock: acquire")
	held, lease, err := g.Locker.Acquire(ctx, holder, floor)
	if err != nil {
		return held, lease, err
	}
	return held, gatedLease{lease, g.pass}, nil
}

type gatedLease struct {
	coordinator.Lease
	pass gate
}

func (g gatedLease) Confirm(ctx context.Context) error {
	g.pass("lock: confirm")
	return g.Lease.Confirm(ctx)
}

func (g gatedLease) Release(ctx context.Context) error {
	g.pass("lock: release")
	return g.Lease.Release(ctx)
}

// gatedTrail is passed at each flush and at what servers have just answered: the
// moments between two answers to one statement.
type gatedTrail struct {
	coordinator.Trail
	pass gate
}

func (g gatedTrail) Record(event journal.Event) {
	if _, ok := event.(journal.HostFinished); ok {
		g.pass("server: a node answered")
	}
	g.Trail.Record(event)
}

func (g gatedTrail) Flush(ctx context.Context) error {
	g.pass("state: flush")
	return g.Trail.Flush(ctx)
}

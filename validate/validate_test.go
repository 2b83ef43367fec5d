package validate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/examples/groups"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/state"
	"github.com/skein-migrate/skein/validate"
)

func TestTheExamplesAndSkeinsOwnTablesAreValid(t *testing.T) {
	r, err := migration.NewRegistry(state.System(), groups.Events(), groups.Transactions())
	if err != nil {
		t.Fatal(err)
	}
	same(t, nil, validate.Check(r.Groups(), validate.Options{}))
}

// stated is an operation that this package knows nothing of.
type stated struct{ statements []ops.Statement }

func (stated) Tables() []ops.Table                           { return nil }
func (stated) Check() error                                  { return nil }
func (s stated) Statements(ops.Env) ([]ops.Statement, error) { return s.statements, nil }

func TestOperationsAreJudgedByWhatTheyState(t *testing.T) {
	table := local("t")
	table.Database = "default"
	o := stated{[]ops.Statement{{Head: "DISSOLVE", Place: table.Place, Writes: []ops.Table{table}, After: []ops.Condition{ops.TableGone{Table: table}}}}}
	g := group("g", irreversible("1", create("t"), over("t"), o))
	same(t, []string{"g/1 3 local-before-distributed"}, validate.Check([]migration.Group{g}, validate.Options{}))
}

func TestProblemsAreToldAllAtOnceInTheOrderOfTheOperations(t *testing.T) {
	wrong := makes("2", over("u"), view("v", "to"), create("u"), create("to"), ops.AddColumn{
		Table: local("u"), Column: ops.Column{Name: "c", Type: "DateTime", Expression: "now()"},
	})
	all := registered(t, group("a", makes("1", over("t"), create("t"))), group("b", wrong))
	want := []string{
		"a/1 1 distributed-before-local", "b/2 1 distributed-before-local", "b/2 2 view-before-target",
		"b/2 5 nondeterministic-default", "b/2 backward 2 dropped-while-read", "b/2 backward 3 local-before-distributed",
		"a/1 backward 1 local-before-distributed",
	}
	first := validate.Check(all, validate.Options{})
	same(t, want, first)
	for range 20 {
		if diff := cmp.Diff(first, validate.Check(all, validate.Options{})); diff != "" {
			t.Fatalf("another order: %s", diff)
		}
	}
	text := (&validate.Error{Problems: first}).Error()
	for _, want := range []string{
		"a/1 operation 1: default.d_t reads default.t, which is not there yet: a later operation makes it. Make the local table first [distributed-before-local]\n",
		"a/1 backward operation 1: ", "Let the INSERT say the value",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A group that is not asked for can still be in the way.
func TestGroupsOfOneClusterSeeEachOther(t *testing.T) {
	raw := withEngine("u", ops.Engine{Kind: ops.Raw, Text: "ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/t', '{replica}') ORDER BY id"})
	all := registered(t, group("a", makes("1", create("t"))), group("b", makes("1", raw)))
	same(t, []string{"b/1 1 zookeeper-path"}, validate.Check(all, validate.Options{}))
	apart := func(p ops.Place) (string, ops.Env) {
		_, env := validate.Synthetic(p)
		return string(p.StorageSet), env
	}
	all[2].Migrations[0].Forward[0] = like(raw, func(o *ops.CreateTable) { o.Table.StorageSet = "other" })
	same(t, nil, validate.Check(all, validate.Options{At: apart}))
}

func TestASingleNodeHasNoReplicas(t *testing.T) {
	single := func(p ops.Place) (string, ops.Env) {
		_, env := validate.Synthetic(p)
		env.SingleNode = true
		return "one", env
	}
	all := registered(t, group("g", makes("1", over("t"), create("t"), withEngine("u", ops.Engine{Kind: ops.Raw, Text: "MergeTree ORDER BY id"}), ops.AddColumn{
		Table: local("t"), Column: ops.Column{Name: "c", Type: "DateTime", Expression: "now()"},
	})))
	same(t, nil, validate.Check(all, validate.Options{At: single}))
}

// Nodes may be too old for an operation. That is planning's to say; what follows
// is judged as if they were not.
func TestWhatNodesAreTooOldForIsJudgedAllTheSame(t *testing.T) {
	old := func(p ops.Place) (string, ops.Env) {
		name, env := validate.Synthetic(p)
		env.Features = nil
		return name, env
	}
	coded := like(create("t"), func(o *ops.CreateTable) { o.Columns[0].Codec = "LZ4" })
	all := registered(t, group("g", irreversible("1", over("t"), coded)))
	same(t, []string{"g/1 1 distributed-before-local"}, validate.Check(all, validate.Options{At: old}))
}

func TestAMigrationMayBreakARuleOnPurpose(t *testing.T) {
	m := makes("1", over("t"), create("t"))
	m.Allow = []string{validate.DistributedBeforeLocal}
	same(t, []string{"g/1 backward 1 local-before-distributed"}, validate.Check(registered(t, group("g", m)), validate.Options{}))
	m.Allow = append(m.Allow, validate.LocalBeforeDistributed)
	same(t, nil, validate.Check(registered(t, group("g", m)), validate.Options{}))
	m.Allow = append(m.Allow, "distributed-first")
	problems := validate.Check(registered(t, group("g", m)), validate.Options{})
	same(t, []string{"g/1 0 unknown-rule"}, problems)
	if want := `g/1: Allow names the rule "distributed-first"`; !strings.HasPrefix(problems[0].String(), want) {
		t.Errorf("have %s", problems[0])
	}
}

// What is done comes first and is not told again: what is pending is judged by
// what it meets on these clusters.
func TestWhatIsDoneIsNotToldAndComesFirst(t *testing.T) {
	all := registered(t,
		group("a", makes("1", over("x"), create("x")), makes("2", create("from")), makes("3", drop(create("from")))),
		group("b", makes("1", create("to"), view("v", "to", "from"))),
	)
	fresh := []string{
		"a/1 1 distributed-before-local", "b/1 2 view-before-source", "a/1 backward 1 local-before-distributed",
	}
	same(t, fresh, validate.Check(all, validate.Options{}))
	done := func(key journal.Key) bool { return key != journal.Key{Group: "a", ID: "3"} }
	same(t, []string{"a/3 1 dropped-while-read"}, validate.Check(all, validate.Options{Done: done}))
}

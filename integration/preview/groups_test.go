package preview_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// tables is how many nodes have a table.
func (p *project) tables(name string) int {
	p.t.Helper()
	found := 0
	for _, n := range p.servers.Nodes {
		found += len(running.Query(p.t, n, "SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = '"+name+"'"))
	}
	return found
}

func table(name string) string {
	return "create_table: {table: " + name + ", columns: [{name: id, type: UInt64}], engine: {kind: MergeTree, order_by: id}}"
}

// rows are the state of a group's migrations, as any node has it.
func (p *project) rows(group string) [][]string {
	p.t.Helper()
	p.must(0, "list") // the barrier of a quorum is behind us
	from := "migrations_dist"
	if len(p.servers.Nodes) == 1 {
		from = "migrations_local"
	}
	return running.Query(p.t, p.servers.Nodes[0], "SELECT migration_id, toString(status), toString(version) FROM "+from+
		" FINAL WHERE group = '"+group+"' ORDER BY migration_id")
}

const withReplays = "groups: [{name: events, dir: events}, {name: replays, dir: replays, depends_on: [events], optional: true}]\n"

// A group that is turned off keeps its rows: turned on again, it runs what is new.
func TestAGroupThatIsTurnedOnAgainRunsOnlyWhatIsNew(t *testing.T) {
	engines(t, func(t *testing.T, c *testcluster.Cluster) {
		p := newProject(t, c)
		p.configure(withReplays + "environments: {without: {skip_groups: [replays]}}")
		p.file("replays/0001_create.yaml", table("r_local"))
		p.must(0, "migrate")
		before := p.rows("replays")

		p.file("replays/0002_more.yaml", table("r2_local"))
		p.file("events/0002_more.yaml", table("d2_local"))
		listed := p.must(0, "list", "--env", "without").stdout
		running.Says(t, listed, "replays      complete, optional, after events\n             left alone: skipped by skip_groups (",
			"[X] 0001_create", "[ ] 0002_more", "1 pending, 1 left alone")
		planned := p.must(0, "plan", "--env", "without").stdout
		running.Says(t, planned, "events/0002_more", "replays         left alone: skipped by skip_groups (", "environment     without")
		if strings.Contains(planned, "replays/") {
			t.Errorf("a skipped group is planned:\n%s", planned)
		}
		running.Says(t, p.must(2, "migrate", "--env", "without", "--group", "replays").stderr, `group "replays" is left alone here`)
		running.Says(t, p.must(0, "migrate", "--env", "without").stdout, "1 migration completed.")
		if n := p.tables("r2_local"); n != 0 {
			t.Errorf("%d nodes have a table of a group that is skipped", n)
		}
		running.Says(t, p.must(0, "migrate", "--env", "without").stdout, "Nothing to do.")

		running.Says(t, p.must(0, "migrate").stdout, "1 migration completed.")
		after := p.rows("replays")
		if len(after) != 2 {
			t.Fatalf("rows %v", after)
		}
		if diff := cmp.Diff(before, after[:1]); diff != "" {
			t.Errorf("the row of what ran before was written anew:\n%s", diff)
		}
		if n := p.tables("r2_local"); n != len(c.Nodes) {
			t.Errorf("%d nodes have r2_local, want %d", n, len(c.Nodes))
		}
	})
}

// An environment takes the states that it accepts, and needs no cluster for the rest.
func TestAnEnvironmentAcceptsStates(t *testing.T) {
	engines(t, func(t *testing.T, c *testcluster.Cluster) {
		p := newProject(t, c)
		p.configure("groups:\n  - {name: profiles, dir: profiles, readiness: experimental}\n  - {name: events, dir: events}\n" +
			"readiness: [complete, partial]\nenvironments: {development: {readiness: [complete, partial, experimental]}}")
		p.write("profiles/0001_create.yaml", "storage_set: profiles\ntarget: local\nforward:\n  - "+table("p_local")+"\n")
		running.Says(t, p.must(2, "plan", "--env", "development").stderr, `"profiles"`) // a storage set on no cluster
		running.Says(t, p.must(0, "migrate").stderr, "profiles        left alone: its readiness is experimental, and accepted here is complete, partial (")
		running.Says(t, p.must(0, "list").stdout, "profiles     experimental\n             left alone: its readiness is experimental")

		p.file("profiles/0001_create.yaml", table("p_local"))
		running.Says(t, p.must(0, "migrate", "--env", "development").stdout, "1 migration completed.")
		if n := p.tables("p_local"); n != len(c.Nodes) {
			t.Errorf("%d nodes have p_local, want %d", n, len(c.Nodes))
		}
	})
}

// The order is the configuration's, where no dependency says otherwise.
func TestOrderIsTheConfigurationsThenDependency(t *testing.T) {
	p := newProject(t, servers.modern.Cluster(t))
	p.configure("groups: [{name: zeta, dir: zeta}, {name: alpha, dir: alpha}, {name: events, dir: events}]")
	p.file("zeta/0001_z.yaml", table("z_local"))
	p.write("alpha/0001_a.yaml", "depends_on: [events:0001_create]\nstorage_set: events\ntarget: local\nforward:\n  - "+table("a_local")+"\n")
	var order []string
	for _, m := range p.planned().Migrations {
		order = append(order, m.Group)
	}
	if diff := cmp.Diff([]string{"system", "zeta", "events", "alpha"}, order); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	p.must(0, "migrate")
	// What a migration names as coming first is not taken from below it.
	running.Says(t, p.must(3, "rollback", "--group", "events", "--force").stderr, "alpha/0001_a is completed and depends on events:0001_create")
	p.must(0, "rollback", "--group", "alpha", "--force")
	p.must(0, "rollback", "--group", "events", "--force")
}

package access_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/access"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

func TestParseGrant(t *testing.T) {
	for text, want := range map[string]access.Grant{
		"SELECT, INSERT ON events.*":                   {Privileges: []string{"SELECT", "INSERT"}, Database: "events"},
		"alter  update on `my-db`.t with grant option": {Privileges: []string{"alter update"}, Database: "my-db", Table: "t", Option: true},
		"CREATE TEMPORARY TABLE ON *.*":                {Privileges: []string{"CREATE TEMPORARY TABLE"}},
		"SELECT ON events.on":                          {Privileges: []string{"SELECT"}, Database: "events", Table: "on"},
	} {
		got, err := access.ParseGrant(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{"", "SELECT", "SELECT ON events", "SELECT(a) ON e.t", "SELECT, ON e.*", "SELECT ON *.t", "READ ON S3", "SELECT ON e.t; DROP"} {
		if got, err := access.ParseGrant(text); err == nil {
			t.Errorf("%q was taken: %+v", text, got)
		}
	}
}

// world is servers that keep what they are told, as far as it is asked for.
type world struct {
	facts  plan.Facts
	nodes  map[string]*access.Node
	keeps  map[string]map[string]bool // users by node, with the password that is configured
	sent   []string
	forget bool // says yes, and does nothing
}

func newWorld(version ops.Version, names ...string) *world {
	w := &world{nodes: map[string]*access.Node{}, facts: plan.Facts{
		Cluster: "c", LocalCluster: "all", DistCluster: "all", Database: "system",
		Nodes: map[string]plan.NodeFacts{}, Secrets: map[string]string{},
		Since: map[ops.Feature]ops.Version{ops.FeatureAccess: {Major: 20, Minor: 6}},
	}}
	for i, name := range names {
		node := journal.Node{Host: name, Port: 9000, Shard: i + 1, Replica: 1}
		w.facts.Local, w.facts.Dist = append(w.facts.Local, node), append(w.facts.Dist, node)
		w.facts.Nodes[node.Name()] = plan.NodeFacts{Version: version}
		w.nodes[node.Name()] = &access.Node{
			Name: node.Name(), Version: version.String(), Lists: true, Databases: map[string]string{},
			Members: map[string]bool{}, SignsIn: map[string]bool{}, Parents: map[string]string{
				"ALL": "", "SELECT": "ALL", "ALTER": "ALL", "ALTER UPDATE": "ALTER", "ALTER DELETE": "ALTER", "dictGet": "ALL",
			},
		}
	}
	for _, secret := range []string{"u.salt", "u.salted", "u.sha256"} {
		w.facts.Secrets[secret] = ""
	}
	return w
}

func (w *world) Facts(context.Context, []string) ([]plan.Facts, error) {
	return []plan.Facts{w.facts}, nil
}

func (w *world) Access(context.Context, string, []access.Signing) ([]access.Node, error) {
	var out []access.Node
	for _, node := range w.facts.Local {
		out = append(out, *w.nodes[node.Name()])
	}
	return out, nil
}

func (w *world) Run(_ context.Context, _ plan.Execution, step plan.Step) ([]journal.HostOutcome, error) {
	w.sent = append(w.sent, strings.Join(journal.Names(step.Nodes), " ")+": "+step.Text)
	if w.forget {
		return nil, nil
	}
	words := strings.FieldsFunc(step.Text, func(r rune) bool { return strings.ContainsRune(" `,'", r) })
	for _, node := range step.Nodes {
		n := w.nodes[node.Name()]
		switch verb := words[0] + " " + words[1]; {
		case verb == "CREATE DATABASE":
			n.Databases[words[2]] = "Atomic"
		case verb == "CREATE ROLE":
			n.Roles = append(n.Roles, words[2])
		case verb == "CREATE USER":
			n.Users, n.SignsIn[words[2]] = append(n.Users, words[2]), true
		case verb == "ALTER USER":
			n.SignsIn[words[2]] = true
		case words[0] == "GRANT" && !slices.Contains(words, "ON") || words[0] == "GRANT" && slices.Index(words, "ON") == 1 && len(words) == 7:
			n.Members[words[len(words)-1]+"\x00"+words[len(words)-3]] = true
		case words[0] == "GRANT":
			n.Held = append(n.Held, access.Held{Grantee: words[len(words)-1], Privilege: "ALL", Database: "d"})
		}
	}
	return nil, nil
}

func declared(t *testing.T) access.Declared {
	t.Helper()
	password, err := access.NewPassword("u", "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	return access.Declared{
		Databases: []access.Database{{Name: "d", Engine: "Atomic"}},
		Roles:     []access.Role{{Name: "r", Grants: []access.Grant{{Privileges: []string{"SELECT", "alter"}, Database: "d"}}}},
		Users:     []access.User{{Name: "u", Password: password, Roles: []string{"r"}}},
	}
}

func (w *world) bootstrap(t *testing.T, change func(*access.Options)) (access.Result, error) {
	t.Helper()
	o := access.Options{Servers: w, Cluster: "c", Declared: declared(t), RunID: "run", Events: func(journal.Event) {}}
	if change != nil {
		change(&o)
	}
	return access.Bootstrap(t.Context(), o)
}

func TestASecondRunHasNothingToDo(t *testing.T) {
	w := newWorld(ops.Version{Major: 26, Minor: 7}, "a", "b")
	dry, err := w.bootstrap(t, func(o *access.Options) { o.DryRun = true })
	if err != nil || len(w.sent) > 0 {
		t.Fatalf("a dry run sent %v: %v", w.sent, err)
	}
	if _, err := w.bootstrap(t, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a:9000 b:9000: CREATE DATABASE `d` ON CLUSTER 'all' ENGINE = Atomic",
		"a:9000 b:9000: CREATE ROLE `r` ON CLUSTER 'all'",
		"a:9000 b:9000: CREATE USER `u` ON CLUSTER 'all' IDENTIFIED WITH sha256_hash BY '{secret:u.salted}' SALT '{secret:u.salt}'",
		"a:9000 b:9000: GRANT ON CLUSTER 'all' SELECT, alter ON `d`.* TO `r`",
		"a:9000 b:9000: GRANT ON CLUSTER 'all' `r` TO `u`",
	}
	if diff := cmp.Diff(want, w.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if len(dry.Changes) != len(want) {
		t.Errorf("the dry run said %+v", dry.Changes)
	}
	for i, change := range dry.Changes {
		if len(change.Statement) != 1 || !strings.HasSuffix(want[i], change.Statement[0]) {
			t.Errorf("the dry run said %q, what ran is %q", change.Statement, want[i])
		}
	}
	w.sent = nil
	again, err := w.bootstrap(t, nil)
	if err != nil || len(again.Changes) > 0 || len(w.sent) > 0 {
		t.Errorf("the second run: %+v, sent %v: %v", again, w.sent, err)
	}
	// A node that lost one thing gets that alone, directly.
	w.nodes["b:9000"].Roles = nil
	if _, err := w.bootstrap(t, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b:9000: CREATE ROLE `r`"}, w.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestAChangedPasswordNeedsForce(t *testing.T) {
	w := newWorld(ops.Version{Major: 26, Minor: 7}, "a", "b")
	if _, err := w.bootstrap(t, nil); err != nil {
		t.Fatal(err)
	}
	w.sent, w.nodes["b:9000"].SignsIn["u"] = nil, false
	w.nodes["a:9000"].Roles = nil // another change: not made either
	var refused *journal.PreflightError
	result, err := w.bootstrap(t, nil)
	if !errors.As(err, &refused) || len(w.sent) > 0 || !strings.Contains(err.Error(), "user u: change the password on b:9000") {
		t.Fatalf("%v, sent %v", err, w.sent)
	}
	if text := fmt.Sprintf("%+v %#v %v", result, result, err); strings.Contains(text, "hunter2") {
		t.Errorf("the password is in %s", text)
	}
	if _, err := w.bootstrap(t, func(o *access.Options) { o.Force = true }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"a:9000: CREATE ROLE `r`",
		"b:9000: ALTER USER `u` IDENTIFIED WITH sha256_hash BY '{secret:u.salted}' SALT '{secret:u.salt}'",
	}, w.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestNoSaltBefore22_6(t *testing.T) {
	w := newWorld(ops.Version{Major: 21, Minor: 8}, "a")
	result, err := w.bootstrap(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(w.sent, "\n"); !strings.Contains(text, "BY '{secret:u.sha256}'") || strings.Contains(text, "SALT") {
		t.Errorf("sent %s", text)
	}
	if len(result.Notes) != 1 || !strings.Contains(result.Notes[0], "without a salt") {
		t.Errorf("notes: %v", result.Notes)
	}
}

func TestWhatAServerDidNotDoIsAnError(t *testing.T) {
	w := newWorld(ops.Version{Major: 26, Minor: 7}, "a")
	w.forget = true
	if _, err := w.bootstrap(t, nil); err == nil || !strings.Contains(err.Error(), "do not show it") {
		t.Errorf("%v", err)
	}
}

func TestWhatCannotBeMadeIsNamedAndTheRestMade(t *testing.T) {
	w := newWorld(ops.Version{Major: 26, Minor: 7}, "a", "b")
	w.nodes["b:9000"].Refuses = "it keeps none"
	w.nodes["a:9000"].Databases["d"] = "Ordinary"
	result, err := w.bootstrap(t, nil)
	var refused *journal.PreflightError
	if !errors.As(err, &refused) {
		t.Fatalf("%v", err)
	}
	text := strings.Join(result.Unmade, "\n")
	for _, part := range []string{"database d: on a:9000 its engine is Ordinary, not Atomic", "role r: create: on b:9000: it keeps none", "user u: grant the role r: on b:9000"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
	if all := strings.Join(w.sent, "\n"); !strings.Contains(all, "b:9000: CREATE DATABASE") || !strings.Contains(all, "a:9000: CREATE ROLE") || strings.Contains(all, "b:9000: CREATE ROLE") {
		t.Errorf("sent\n%s", all)
	}
}

func TestAWiderGrantCovers(t *testing.T) {
	grant := func(text string) access.Declared {
		g, err := access.ParseGrant(text)
		if err != nil {
			t.Fatal(err)
		}
		return access.Declared{Roles: []access.Role{{Name: "r", Grants: []access.Grant{g}}}}
	}
	held := func(privilege, database, table string, change func(*access.Held)) access.Held {
		h := access.Held{Grantee: "r", Privilege: privilege, Database: database, Table: table}
		if change != nil {
			change(&h)
		}
		return h
	}
	option := func(h *access.Held) { h.Option = true }
	for _, test := range []struct {
		asked  string
		held   []access.Held
		covers bool
	}{
		{"SELECT ON d.*", []access.Held{held("SELECT", "d", "", nil)}, true},
		{"SELECT ON d.t", []access.Held{held("ALL", "", "", nil)}, true},
		{"dictget ON d.t", []access.Held{held("dictGet", "d", "", nil)}, true},
		{"ALTER ON d.*", []access.Held{held("ALTER UPDATE", "", "", nil), held("ALTER DELETE", "d", "", nil)}, true},
		{"ALTER ON d.*", []access.Held{held("ALTER UPDATE", "d", "", nil)}, false},
		{"SELECT ON d.*", []access.Held{held("SELECT", "d", "t", nil)}, false},
		{"SELECT ON *.*", []access.Held{held("SELECT", "d", "", nil)}, false},
		{"SELECT ON d.* WITH GRANT OPTION", []access.Held{held("SELECT", "d", "", nil)}, false},
		{"SELECT ON d.* WITH GRANT OPTION", []access.Held{held("SELECT", "d", "", option)}, true},
		{"SELECT ON d.t", []access.Held{held("SELECT", "d", "t", func(h *access.Held) { h.Column = "c" })}, false},
		{"SELECT ON data.t", []access.Held{held("SELECT", "da", "", func(h *access.Held) { h.Wildcard = true })}, true},
		{"SELECT ON d.*", []access.Held{held("SELECT", "d", "", nil), held("SELECT", "d", "t", func(h *access.Held) { h.Revoked = true })}, false},
		{"SELECT ON d.*", []access.Held{{Grantee: "other", Privilege: "SELECT", Database: "d"}}, false},
	} {
		node := *newWorld(ops.Version{Major: 26, Minor: 7}, "a").nodes["a:9000"]
		node.Roles, node.Held = []string{"r"}, test.held
		got := access.Compare(grant(test.asked), []access.Node{node}, ops.Version{Major: 26}, ops.Place{StorageSet: "c", Target: ops.Local})
		if covers := len(got.Changes) == 0; covers != test.covers {
			t.Errorf("%s by %+v: covered: %v", test.asked, test.held, covers)
		}
	}
}

package conformance

import (
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// TestAccessConditions judges what a node has in its users file: no server here
// stores users, roles or grants that SQL makes (514), but what conditions read is
// the same.
func TestAccessConditions(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers.modern.Cluster(t), "access")
	object := func(kind ops.ObjectKind, name string) ops.Object { return ops.Object{Kind: kind, Name: name} }
	policy := func(table string) ops.Object {
		return ops.Object{Kind: ops.ObjectRowPolicy, Name: "skein_bob", Database: "skein_db", Table: table}
	}
	for _, test := range []struct {
		there bool
		is    ops.Condition
		gone  ops.Condition
	}{
		{true, ops.ObjectIs{Object: object(ops.ObjectUser, "skein_bob")}, ops.ObjectGone{Object: object(ops.ObjectUser, "skein_bob")}},
		{false, ops.ObjectIs{Object: object(ops.ObjectUser, "nobody")}, ops.ObjectGone{Object: object(ops.ObjectUser, "nobody")}},
		{true, ops.ObjectIs{Object: object(ops.ObjectRole, "skein_reader")}, ops.ObjectGone{Object: object(ops.ObjectRole, "skein_reader")}},
		{false, ops.ObjectIs{Object: object(ops.ObjectRole, "skein_bob")}, ops.ObjectGone{Object: object(ops.ObjectRole, "skein_bob")}},
		{true, ops.ObjectIs{Object: object(ops.ObjectQuota, "skein_quota")}, ops.ObjectGone{Object: object(ops.ObjectQuota, "skein_quota")}},
		{false, ops.ObjectIs{Object: object(ops.ObjectQuota, "none")}, ops.ObjectGone{Object: object(ops.ObjectQuota, "none")}},
		{true, ops.ObjectIs{Object: object(ops.ObjectSettingsProfile, "skein_profile")}, ops.ObjectGone{Object: object(ops.ObjectSettingsProfile, "skein_profile")}},
		{false, ops.ObjectIs{Object: object(ops.ObjectSettingsProfile, "none")}, ops.ObjectGone{Object: object(ops.ObjectSettingsProfile, "none")}},
		{true, ops.ObjectIs{Object: policy("t")}, ops.ObjectGone{Object: policy("t")}},
		{false, ops.ObjectIs{Object: policy("u")}, ops.ObjectGone{Object: policy("u")}},
	} {
		for _, condition := range []ops.Condition{test.is, test.gone} {
			b.judge(condition, test.there != ops.Removes(condition))
		}
	}
	for grant, there := range map[ops.Granted]bool{
		{Grantee: "skein_bob", Privilege: "SELECT", Database: "skein_db", Table: "t", Column: "id"}: true,
		{Grantee: "skein_bob", Privilege: "SELECT", Database: "skein_db", Table: "t", Column: "v"}:  false,
		{Grantee: "skein_bob", Privilege: "INSERT", Database: "skein_db", Table: "t"}:               true,
		{Grantee: "skein_bob", Privilege: "INSERT", Database: "skein_db"}:                           false,
		{Grantee: "skein_bob", Role: "skein_reader"}:                                                true,
		{Grantee: "skein_reader", Role: "skein_bob"}:                                                false,
		{Grantee: "skein_bob", Role: "skein_reader", Option: true}:                                  false,
		{Grantee: "skein_reader", Privilege: "SELECT", Database: "skein_db"}:                        true,
		{Grantee: "skein_reader", Privilege: "SELECT", Database: "skein_db", Option: true}:          false,
		{Grantee: "skein_reader", Privilege: "ALTER", Database: "skein_db"}:                         false,
	} {
		b.judge(ops.GrantIs{Grant: grant}, there)
		b.judge(ops.GrantGone{Grant: grant}, !there)
	}
}

// judge checks one condition on the nodes.
func (b *bench) judge(condition ops.Condition, holds bool) {
	b.t.Helper()
	facts, err := b.set.Facts(b.t.Context(), []string{clusterName})
	if err != nil {
		b.t.Fatal(err)
	}
	step := plan.Step{Cluster: clusterName, Nodes: facts[0].Local, Statement: ops.Statement{After: []ops.Condition{condition}}}
	for _, v := range b.set.Check(b.t.Context(), step) {
		if (v.Verdict == journal.Holds) != holds {
			b.t.Errorf("%T of %s: %s (%s), want holds: %v", condition, condition.Subject(), v.Verdict, v.Why, holds)
		}
	}
}

// TestGrantsOnADictionary sees GRANT and REVOKE get as far as this server goes: it
// understands them, and cannot change what is in its users file (495).
func TestGrantsOnADictionary(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers.modern.Cluster(t), "granted")
	if err := b.do(table("t")); err != nil {
		t.Fatal(err)
	}
	granted := byID()
	granted.GrantTo = []string{"skein_bob", "skein_reader"}
	if err := b.do(granted); err == nil || !hasCode(err, 495) {
		t.Errorf("%v, want 495 of GRANT", err)
	}
	if err := b.do(must(granted.Inverse())); err == nil || !hasCode(err, 495) {
		t.Errorf("%v, want 495 of REVOKE", err)
	}
	if err := b.do(ops.DropDictionary{Table: granted.Table}); err != nil {
		t.Errorf("what was to be granted was made: %v", err)
	}
}

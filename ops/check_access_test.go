package ops_test

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/ops"
)

// TestCheckRefusesAccess: each with the operation's name and what to write instead.
func TestCheckRefusesAccess(t *testing.T) {
	user := func(change func(*ops.User)) ops.Operation {
		u := ops.User{Name: "u", Auth: &ops.Authentication{Method: "sha256_password", By: "{secret:PW}"}}
		change(&u)
		return ops.CreateUser{Place: atLocal(), User: u}
	}
	auth := func(a ops.Authentication) ops.Operation { return user(func(u *ops.User) { u.Auth = &a }) }
	quota := func(change func(*ops.Quota)) ops.Operation {
		return ops.CreateQuota{Place: atLocal(), Quota: changed(ops.Quota{Name: "q"}, change)}
	}
	limit := func(l ops.QuotaLimit) ops.Operation {
		return quota(func(q *ops.Quota) { q.Limits = []ops.QuotaLimit{l} })
	}
	setting := func(s ops.SettingElement) ops.Operation {
		return ops.CreateRole{Place: atLocal(), Role: ops.Role{Name: "r", Settings: []ops.SettingElement{s}}}
	}
	grant := func(change func(*ops.Grant)) ops.Operation {
		return changed(ops.Grant{Place: atLocal(), Privileges: []string{"SELECT"}, Database: "d", Table: "t", To: []string{"u"}}, change)
	}
	to := func(g ops.Grantees) ops.Operation { return quota(func(q *ops.Quota) { q.To = &g }) }
	for _, test := range []struct {
		op   ops.Operation
		want string
	}{
		{ops.CreateUser{User: ops.User{Name: "u"}}, "no storage set"},
		{ops.CreateUser{Place: atLocal()}, "no user: set its Name"},
		{ops.DropUser{Place: atLocal()}, "set its Name"},
		{ops.DropUser{Place: atLocal(), Name: "u", Was: &ops.User{Name: "v"}}, "another user"},
		{auth(ops.Authentication{Method: "sha256_password", By: "hunter2"}), "{secret:NAME}"},
		{auth(ops.Authentication{Method: "sha256_password"}), "needs By: a reference"},
		{auth(ops.Authentication{Method: "sha256_hash"}), "needs By: a hash"},
		{auth(ops.Authentication{Method: "no_password", By: "{secret:PW}"}), "takes no By"},
		{auth(ops.Authentication{Method: "bcrypt_password", By: "{secret:PW}", Salt: "s"}), "takes no Salt"},
		{auth(ops.Authentication{Method: "ldap"}), "need Server"},
		{auth(ops.Authentication{Method: "ssl_certificate"}), "CommonNames go together"},
		{auth(ops.Authentication{Method: "no_password", Realm: "r"}), "takes no Realm"},
		{auth(ops.Authentication{}), "Auth.Method"},
		{user(func(u *ops.User) { u.Auth, u.ValidUntil = nil, "2030-01-01" }), "set Auth too"},
		{user(func(u *ops.User) { u.Hosts = []ops.UserHost{{Kind: ops.HostIP}} }), "needs Value"},
		{user(func(u *ops.User) { u.Hosts = []ops.UserHost{{Kind: ops.HostAny, Value: "x"}} }), "takes no Value"},
		{user(func(u *ops.User) { u.Hosts = []ops.UserHost{{Kind: "ip", Value: "x"}} }), "unknown kind of host"},
		{user(func(u *ops.User) { u.Profiles = []string{""} }), "a profile has no name"},
		{ops.AlterUser{Place: atLocal(), User: ops.User{Name: "u"}}, "nothing to change"},
		{ops.AlterUser{Place: atLocal(), User: ops.User{Name: "u", Profiles: []string{"a"}}, Was: &ops.User{Name: "u", DefaultDatabase: "d"}}, "state the same in both"},
		{ops.AlterRole{Place: atLocal(), Role: ops.Role{Name: "r", Profiles: []string{"a"}}, Was: &ops.Role{Name: "s", Profiles: []string{"a"}}}, "another role"},
		{setting(ops.SettingElement{Name: "a b", Value: "1"}), "such as max_threads"},
		{setting(ops.SettingElement{Name: "a"}), "says nothing"},
		{setting(ops.SettingElement{Name: "a", Value: "1", Writability: "const"}), "unknown writability"},
		{ops.CreateRowPolicy{Place: atLocal(), Policy: ops.RowPolicy{Name: "p"}}, "set Database"},
		{ops.DropRowPolicy{Place: atLocal(), Name: "p"}, "set Database"},
		{quota(func(q *ops.Quota) { q.NotKeyed, q.KeyedBy = true, []string{"user_name"} }), "leave one out"},
		{quota(func(q *ops.Quota) { q.KeyedBy = []string{"user_name", "client_key"} }), "client_key and then"},
		{user(func(u *ops.User) { u.NoSettings, u.Profiles = true, []string{"p"} }), "leave settings and profiles out"},
		{user(func(u *ops.User) { u.NoDatabase, u.DefaultDatabase = true, "d" }), "leave one out"},
		{ops.CreateRowPolicy{Place: atLocal(), Policy: ops.RowPolicy{Name: "p", Database: "d", Restrictive: true, Permissive: true}}, "leave one out"},
		{ops.AlterQuota{
			Place: atLocal(), Quota: ops.Quota{Name: "q", Limits: []ops.QuotaLimit{{Interval: "1 hour"}}},
			Was: &ops.Quota{Name: "q", Limits: []ops.QuotaLimit{{Interval: "2 hour"}}},
		}, "state the same in both"},
		{auth(ops.Authentication{Method: "http"}), "need Server"},
		{quota(func(q *ops.Quota) { q.KeyedBy = []string{"user name"} }), "words such as user_name"},
		{limit(ops.QuotaLimit{}), "set Interval"},
		{limit(ops.QuotaLimit{Interval: "1 hour", NoLimits: true, Max: []ops.Setting{{Name: "queries", Value: "1"}}}), "leave one out"},
		{limit(ops.QuotaLimit{Interval: "1 hour", Max: []ops.Setting{{Name: "queries"}}}), "and a number"},
		{to(ops.Grantees{}), "set one of"},
		{to(ops.Grantees{All: true, None: true}), "set one of"},
		{to(ops.Grantees{Names: []string{"a"}, Except: []string{"b"}}), "Except needs All"},
		{to(ops.Grantees{Names: []string{""}}), "names nobody"},
		{grant(func(g *ops.Grant) { g.Privileges = nil }), "set Privileges or Roles"},
		{grant(func(g *ops.Grant) { g.Roles = []string{"r"} }), "set Privileges or Roles"},
		{grant(func(g *ops.Grant) { g.Privileges, g.Roles = nil, []string{"r"} }), "granted on nothing"},
		{grant(func(g *ops.Grant) { g.To = nil }), "who gets it"},
		{grant(func(g *ops.Grant) { g.Database = "" }), "set Database"},
		{grant(func(g *ops.Grant) { g.Table, g.Columns = "", []string{"c"} }), "set Table"},
		{grant(func(g *ops.Grant) { g.Privileges = []string{"SELECT(id)"} }), "as SHOW GRANTS does"},
		{ops.Revoke{Place: atLocal()}, "set Privileges or Roles"},
	} {
		err := test.op.Check()
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), ops.KindOf(test.op)) {
			t.Errorf("%s: %v, want …%s…", ops.KindOf(test.op), err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the refusal repeats the password: %v", err)
		}
	}
}

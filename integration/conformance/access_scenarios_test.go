package conformance

import "github.com/skein-migrate/skein/ops"

// accessScenarios get as far as this build of 26.7 goes, which has no storage for
// what SQL makes: it parses a statement, looks up whom it names, and refuses it.
func accessScenarios() []scenario {
	var all []scenario
	cannot := func(code int, some []scenario) {
		for _, s := range some {
			s.cannot, s.cannotWhy = code, "users of this server are in a file"
			all = append(all, s)
		}
	}
	cannot(514, madeAccess())
	cannot(495, changedAccess())
	return append(all, absentAccess()...)
}

func bob() *ops.Grantees { return &ops.Grantees{Names: []string{"skein_bob", "skein_reader"}} }

func madeAccess() []scenario {
	user := ops.User{
		Name: "conformance user", Auth: &ops.Authentication{Method: "sha256_password", By: "{secret:WORD}"}, ValidUntil: "2030-01-01",
		Hosts: []ops.UserHost{
			{Kind: ops.HostIP, Value: "10.0.0.0/8"},
			{Kind: ops.HostName, Value: "h"},
			{Kind: ops.HostRegexp, Value: "a.*"},
			{Kind: ops.HostLike, Value: "%.x"},
			{Kind: ops.HostLocal},
		},
		DefaultRoles: &ops.Grantees{All: true, Except: []string{"skein_reader"}}, DefaultDatabase: "skein_db",
		Settings: []ops.SettingElement{
			{Name: "max_threads", Value: "4", Min: "1", Max: "8", Writability: ops.Constant},
			{Name: "log_comment", Value: "it's", Writability: ops.Writable},
		},
		Profiles: []string{"skein_profile"}, Grantees: &ops.Grantees{None: true},
	}
	plain := ops.User{Name: "conformance_user", Auth: &ops.Authentication{Method: "no_password"}, DefaultRoles: &ops.Grantees{Names: []string{"skein_reader"}}}
	hashed := ops.User{Name: "conformance_user", Auth: &ops.Authentication{
		Method: "sha256_hash", By: "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789", Salt: "s",
	}}
	asked := ops.User{Name: "conformance_user", Auth: &ops.Authentication{Method: "ldap", Server: "s"}, Hosts: []ops.UserHost{{Kind: ops.HostAny}}}
	ticket := ops.User{Name: "conformance_user", Auth: &ops.Authentication{Method: "kerberos", Realm: "r"}, Hosts: []ops.UserHost{{Kind: ops.HostNone}}}
	certified := ops.User{Name: "conformance_user", Auth: &ops.Authentication{Method: "ssl_certificate", CommonNames: []string{"a", "it's"}}}
	role := ops.Role{Name: "conformance role", Settings: []ops.SettingElement{{Name: "max_memory_usage", Value: "10000000000"}}, Profiles: []string{"skein_profile"}}
	policy := ops.RowPolicy{Name: "my policy", Database: "skein_db", Table: "t", Using: "id=1 AND v>0", Restrictive: true, To: bob()}
	whole := ops.RowPolicy{Name: "conformance", Database: "skein_db", Using: "1", To: &ops.Grantees{All: true, Except: []string{"skein_bob"}}}
	quota := ops.Quota{
		Name: "conformance", KeyedBy: []string{"client_key", "user_name"}, To: bob(), Limits: []ops.QuotaLimit{
			{Interval: "1 hour", Max: []ops.Setting{{Name: "queries", Value: "100"}, {Name: "result_rows", Value: "1000000"}}},
			{Interval: "2 day", Randomized: true},
			{Interval: "1 week", NoLimits: true},
		},
	}
	unkeyed := ops.Quota{Name: "conformance", NotKeyed: true, To: &ops.Grantees{All: true}}
	profile := ops.SettingsProfile{
		Name: "conformance profile", Inherit: []string{"skein_profile"}, To: bob(),
		Settings: []ops.SettingElement{{Name: "readonly", Value: "1", Writability: ops.ChangeableInReadonly}, {Name: "max_threads", Max: "8"}},
	}
	return []scenario{
		{name: "with everything", op: ops.CreateUser{Place: atLocal(), User: user}},
		{name: "IF NOT EXISTS", op: ops.CreateUser{Place: atLocal(), User: plain, IfNotExists: true}},
		{name: "with a hash", op: ops.CreateUser{Place: atLocal(), User: hashed}},
		{name: "of LDAP", op: ops.CreateUser{Place: atLocal(), User: asked}},
		{name: "of Kerberos", op: ops.CreateUser{Place: atLocal(), User: ticket}},
		{name: "with a certificate", op: ops.CreateUser{Place: atLocal(), User: certified}},
		{op: ops.CreateRole{Place: atLocal(), Role: role}},
		{name: "IF NOT EXISTS", op: ops.CreateRole{Place: atLocal(), Role: ops.Role{Name: "conformance"}, IfNotExists: true}},
		{op: ops.CreateRowPolicy{Place: atLocal(), Policy: policy}},
		{name: "of a database, IF NOT EXISTS", op: ops.CreateRowPolicy{Place: atLocal(), Policy: whole, IfNotExists: true}},
		{op: ops.CreateQuota{Place: atLocal(), Quota: quota}},
		{name: "not keyed, IF NOT EXISTS", op: ops.CreateQuota{Place: atLocal(), Quota: unkeyed, IfNotExists: true}},
		{op: ops.CreateSettingsProfile{Place: atLocal(), Profile: profile}},
		{name: "IF NOT EXISTS", op: ops.CreateSettingsProfile{Place: atLocal(), Profile: ops.SettingsProfile{Name: "conformance"}, IfNotExists: true}},
	}
}

// changedAccess changes and drops what the users file has.
func changedAccess() []scenario {
	user := ops.User{Name: "skein_bob", Profiles: []string{"default"}, Hosts: []ops.UserHost{{Kind: ops.HostLocal}}, DefaultRoles: &ops.Grantees{None: true}}
	password := ops.User{Name: "skein_bob", Auth: &ops.Authentication{Method: "double_sha1_password", By: "{secret:WORD}"}, ValidUntil: "infinity"}
	role := ops.Role{Name: "skein_reader", Settings: []ops.SettingElement{{Name: "max_threads", Value: "1"}}}
	policy := ops.RowPolicy{Name: "skein_bob", Database: "skein_db", Table: "t", Using: "id = 2", To: &ops.Grantees{None: true}}
	quota := ops.Quota{Name: "skein_quota", Limits: []ops.QuotaLimit{{Interval: "1 hour", NoLimits: true}}, To: &ops.Grantees{All: true}}
	profile := ops.SettingsProfile{Name: "skein_profile", Settings: []ops.SettingElement{{Name: "max_threads", Value: "3"}}, To: bob()}
	columns := ops.Grant{
		Place: atLocal(), Privileges: []string{"SELECT", "ALTER UPDATE"}, Columns: []string{"v", "a b"}, Database: "skein_db", Table: "t",
		To: []string{"skein_bob", "skein_reader"}, WithOption: true,
	}
	all := ops.Grant{Place: atLocal(), Privileges: []string{"SHOW TABLES", "dictGet", "ALTER ADD COLUMN"}, To: []string{"skein_bob"}}
	database := ops.Grant{Place: atLocal(), Privileges: []string{"INSERT"}, Database: "skein_db", To: []string{"skein_reader"}}
	roles := ops.Grant{Place: atLocal(), Roles: []string{"skein_reader"}, To: []string{"default"}, WithOption: true}
	had := ops.Grant{Place: atLocal(), Privileges: []string{"INSERT"}, Database: "skein_db", Table: "t", To: []string{"skein_bob"}}
	hadColumn := ops.Grant{Place: atLocal(), Privileges: []string{"SELECT"}, Columns: []string{"id"}, Database: "skein_db", Table: "t", To: []string{"skein_bob"}}
	hadRole := ops.Grant{Place: atLocal(), Roles: []string{"skein_reader"}, To: []string{"skein_bob"}}
	return []scenario{
		{op: ops.AlterUser{Place: atLocal(), User: user}},
		{name: "with a password", op: ops.AlterUser{Place: atLocal(), User: password}},
		{op: ops.DropUser{Place: atLocal(), Name: "skein_bob"}},
		{op: ops.AlterRole{Place: atLocal(), Role: role}},
		{op: ops.DropRole{Place: atLocal(), Name: "skein_reader"}},
		{op: ops.AlterRowPolicy{Place: atLocal(), Policy: policy}},
		{op: ops.DropRowPolicy{Place: atLocal(), Name: "skein_bob", Database: "skein_db", Table: "t"}},
		{op: ops.AlterQuota{Place: atLocal(), Quota: quota}},
		{op: ops.DropQuota{Place: atLocal(), Name: "skein_quota"}},
		{op: ops.AlterSettingsProfile{Place: atLocal(), Profile: profile}},
		{op: ops.DropSettingsProfile{Place: atLocal(), Name: "skein_profile"}},
		{name: "of columns, WITH GRANT OPTION", op: columns},
		{name: "on all", op: all},
		{name: "on a database", op: database},
		{name: "of a role, WITH ADMIN OPTION", op: roles},
		{name: "of a table", op: ops.Revoke(had)},
		{name: "of a column", op: ops.Revoke(hadColumn)},
		{name: "of a role", op: ops.Revoke(hadRole)},
	}
}

// absentAccess drops what is not there: that the server can do.
func absentAccess() []scenario {
	return []scenario{
		{name: "IF EXISTS of none", noop: true, op: ops.DropUser{Place: atLocal(), Name: "conformance user", IfExists: true}},
		{name: "IF EXISTS of none", noop: true, op: ops.DropRole{Place: atLocal(), Name: "conformance role", IfExists: true}},
		{name: "IF EXISTS of none", noop: true, op: ops.DropRowPolicy{Place: atLocal(), Name: "my policy", Database: "skein_db", Table: "t", IfExists: true}},
		{name: "IF EXISTS of none", noop: true, op: ops.DropQuota{Place: atLocal(), Name: "conformance", IfExists: true}},
		{name: "IF EXISTS of none", noop: true, op: ops.DropSettingsProfile{Place: atLocal(), Name: "conformance profile", IfExists: true}},
	}
}

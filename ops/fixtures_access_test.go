package ops_test

import "github.com/skein-migrate/skein/ops"

func reader() ops.User {
	return ops.User{
		Name: "the reader", Auth: &ops.Authentication{Method: "sha256_password", By: "{secret:READER}"}, ValidUntil: "2030-01-01",
		Hosts:        []ops.UserHost{{Kind: ops.HostIP, Value: "10.0.0.0/8"}, {Kind: ops.HostLocal}},
		DefaultRoles: &ops.Grantees{All: true, Except: []string{"admin"}}, DefaultDatabase: "my db",
		Settings: []ops.SettingElement{{Name: "max_threads", Value: "4", Min: "1", Max: "8", Writability: ops.Constant}, {Name: "log_comment", Value: "it's"}},
		Profiles: []string{"careful"}, Grantees: &ops.Grantees{None: true},
	}
}

// accessOperations are users, roles, row policies, quotas, profiles and grants.
func accessOperations() map[string]ops.Operation {
	user, role := reader(), ops.Role{Name: "analyst", Settings: []ops.SettingElement{{Name: "max_memory_usage", Value: "10000000000"}}}
	hashed := ops.User{Name: "hashed", Auth: &ops.Authentication{Method: "sha256_hash", By: "ab", Salt: "cd"}}
	policy := ops.RowPolicy{
		Name: "own project", Database: "my db", Table: "events_local", Using: "project_id = 1", Restrictive: true,
		To: &ops.Grantees{Names: []string{"the reader"}},
	}
	everything := ops.RowPolicy{Name: "all", Database: "d", Using: "1", To: &ops.Grantees{All: true}}
	changedPolicy, wasPolicy := ops.RowPolicy{Name: "p", Database: "d", Table: "t", Using: "a = 1"}, ops.RowPolicy{Name: "p", Database: "d", Table: "t", Using: "a = 2"}
	quota := ops.Quota{
		Name: "readers", KeyedBy: []string{"client_key", "user_name"},
		Limits: []ops.QuotaLimit{
			{Interval: "1 hour", Max: []ops.Setting{{Name: "queries", Value: "100"}, {Name: "result_rows", Value: "1000000"}}},
			{Interval: "2 day", Randomized: true},
			{Interval: "1 week", NoLimits: true},
		},
		To: &ops.Grantees{Names: []string{"the reader", "analyst"}},
	}
	unkeyed, keyed := ops.Quota{Name: "readers", NotKeyed: true}, ops.Quota{Name: "readers", KeyedBy: []string{"user_name"}}
	profile := ops.SettingsProfile{
		Name: "care ful", Settings: []ops.SettingElement{{Name: "readonly", Value: "1", Writability: ops.ChangeableInReadonly}},
		Inherit: []string{"default"}, To: &ops.Grantees{Names: []string{"the reader"}},
	}
	less := ops.SettingsProfile{Name: "p", Settings: []ops.SettingElement{{Name: "max_threads", Max: "2"}}}
	more := ops.SettingsProfile{Name: "p", Settings: []ops.SettingElement{{Name: "max_threads", Max: "4"}}}
	columns := ops.Grant{
		Place: atLocal(), Privileges: []string{"SELECT", "ALTER UPDATE"}, Columns: []string{"id", "the day"},
		Database: "my db", Table: "events_local", To: []string{"the reader", "analyst"}, WithOption: true,
	}
	roles := ops.Grant{Place: atLocal(), Roles: []string{"analyst", "other"}, To: []string{"the reader"}, WithOption: true}
	all := ops.Grant{Place: atLocal(), Privileges: []string{"SHOW TABLES"}, To: []string{"analyst"}}
	database := ops.Grant{Place: atLocal(), Privileges: []string{"SELECT"}, Database: "d", To: []string{"analyst"}}
	return map[string]ops.Operation{
		"create_user":      ops.CreateUser{Place: atLocal(), User: user, IfNotExists: true},
		"create_user_hash": ops.CreateUser{Place: atLocal(), User: hashed},
		"alter_user":       ops.AlterUser{Place: atLocal(), User: ops.User{Name: "u", Profiles: []string{"a"}}, Was: &ops.User{Name: "u", Profiles: []string{"b"}}},
		"alter_user_none": ops.AlterUser{
			Place: atLocal(), User: ops.User{Name: "u", NoSettings: true, NoDatabase: true},
			Was: &ops.User{Name: "u", Settings: []ops.SettingElement{{Name: "max_threads", Value: "1"}}, DefaultDatabase: "d"},
		},
		"alter_row_policy_permissive": ops.AlterRowPolicy{
			Place: atLocal(), Policy: ops.RowPolicy{Name: "p", Database: "d", Permissive: true},
			Was: &ops.RowPolicy{Name: "p", Database: "d", Restrictive: true},
		},
		"drop_user":               ops.DropUser{Place: atLocal(), Name: "u"},
		"drop_user_was":           ops.DropUser{Place: atLocal(), Name: user.Name, IfExists: true, Was: &user},
		"create_role":             ops.CreateRole{Place: atLocal(), Role: role},
		"alter_role":              ops.AlterRole{Place: atLocal(), Role: role},
		"drop_role":               ops.DropRole{Place: atLocal(), Name: role.Name, Was: &role},
		"create_row_policy":       ops.CreateRowPolicy{Place: atLocal(), Policy: policy},
		"create_row_policy_all":   ops.CreateRowPolicy{Place: atLocal(), Policy: everything, IfNotExists: true},
		"alter_row_policy":        ops.AlterRowPolicy{Place: atLocal(), Policy: changedPolicy, Was: &wasPolicy},
		"drop_row_policy":         ops.DropRowPolicy{Place: atLocal(), Name: policy.Name, Database: policy.Database, Table: policy.Table, Was: &policy},
		"create_quota":            ops.CreateQuota{Place: atLocal(), Quota: quota},
		"alter_quota":             ops.AlterQuota{Place: atLocal(), Quota: unkeyed, Was: &keyed},
		"drop_quota":              ops.DropQuota{Place: atLocal(), Name: quota.Name, IfExists: true, Was: &quota},
		"create_settings_profile": ops.CreateSettingsProfile{Place: atLocal(), Profile: profile},
		"alter_settings_profile":  ops.AlterSettingsProfile{Place: atLocal(), Profile: more, Was: &less},
		"drop_settings_profile":   ops.DropSettingsProfile{Place: atLocal(), Name: "gone"},
		"grant_columns":           columns,
		"grant_roles":             roles,
		"grant_all":               all,
		"grant_database":          database,
		"revoke":                  ops.Revoke(columns),
		"revoke_roles":            ops.Revoke(roles),
	}
}

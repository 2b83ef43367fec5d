package validate_test

import (
	"testing"

	"github.com/skein-migrate/skein/ops"
)

func withEngine(name string, engine ops.Engine) ops.CreateTable {
	return like(create(name), func(o *ops.CreateTable) { o.Engine = engine })
}

func TestOneZooKeeperPathIsForOneTable(t *testing.T) {
	again := withEngine("t", ops.Engine{Kind: ops.MergeTree, OrderBy: "id", PathSuffix: "_2"})
	raw := func(name, path string) ops.CreateTable {
		return withEngine(name, ops.Engine{Kind: ops.Raw, Text: "ReplicatedMergeTree('" + path + "', '{replica}') ORDER BY id"})
	}
	check(t, []example{
		{"two names", list{makes("1", create("t"), create("u"))}, nil},
		{"the old name again", list{makes("1", create("t")), makes("2", rename("t", "u"), create("t"))}, []string{"2 2 zookeeper-path"}},
		{"the old name again, with a suffix", list{makes("1", create("t")), makes("2", rename("t", "u"), again)}, nil},
		{"the old name again, behind a drop", list{irreversible("1", create("t"), rename("t", "u"), drop(create("u")), create("t"))}, nil},
		{"Raw engines of one path", list{makes("1", raw("t", "/x/{shard}"), raw("u", "/x/{shard}"))}, []string{"1 2 zookeeper-path"}},
		{"Raw engines of one path with the table in it", list{makes("1", raw("t", "/x/{table}"), raw("u", "/x/{table}"))}, nil},
		{"Raw engines that know themselves apart", list{makes("1", raw("t", "/x/{uuid}"), raw("u", "/x/{uuid}"))}, nil},
		{"a Raw engine with the path of a typed one", list{makes("1", create("t"), raw("u", "/clickhouse/tables/events/{shard}/default/t"))}, []string{"1 2 zookeeper-path"}},
		{"made again by the way back", list{makes("1", create("t")), {
			ID: "2", Forward: []ops.Operation{rename("t", "u")}, Backward: []ops.Operation{create("t")},
		}}, []string{"2 backward 1 zookeeper-path"}},
		{"if it is not there yet", list{irreversible("1", create("t"), like(create("t"), func(o *ops.CreateTable) { o.IfNotExists = true }))}, nil},
	})
}

func TestMergeTreeOnAClusterIsReplicatedOrLocalOnPurpose(t *testing.T) {
	plain := withEngine("t", ops.Engine{Kind: ops.Raw, Text: "ReplacingMergeTree ORDER BY id"})
	check(t, []example{
		{"typed", list{makes("1", create("t"))}, nil},
		{"Raw", list{makes("1", plain)}, []string{"1 1 plain-merge-tree"}},
		{"Raw and replicated", list{makes("1", withEngine("t", ops.Engine{Kind: ops.Raw, Text: "ReplicatedMergeTree ORDER BY id"}))}, nil},
		{"on purpose", list{makes("1", withEngine("t", ops.Engine{Kind: ops.MergeTree, OrderBy: "id", LocalOnly: true}))}, nil},
		{"another engine", list{makes("1", withEngine("t", ops.Engine{Kind: ops.Memory}))}, nil},
		{"by the way back", list{{ID: "1", Forward: []ops.Operation{create("u")}, Backward: []ops.Operation{plain}}}, []string{"1 backward 1 plain-merge-tree"}},
	})
}

func withDefault(name string, kind ops.DefaultKind, expression string) ops.Column {
	return ops.Column{Name: name, Type: "String", Kind: kind, Expression: expression}
}

func TestADefaultIsTheSameOnEveryReplica(t *testing.T) {
	made := func(kind ops.DefaultKind, expression string) ops.CreateTable {
		return like(create("t"), func(o *ops.CreateTable) { o.Columns = append(o.Columns, withDefault("c", kind, expression)) })
	}
	later := func(expression string) ops.AddColumn {
		return ops.AddColumn{Table: local("t"), Column: withDefault("c", ops.Default, expression)}
	}
	refused := []string{"1 1 nondeterministic-default"}
	localOnly := like(made(ops.Default, "now()"), func(o *ops.CreateTable) { o.Engine.LocalOnly = true })
	distributed := like(over("t"), func(o *ops.CreateTable) { o.Columns = append(o.Columns, withDefault("c", ops.Default, "now()")) })
	check(t, []example{
		{"a constant", list{makes("1", made(ops.Default, "'x'"))}, nil},
		{"DEFAULT", list{makes("1", made(ops.Default, "now()"))}, refused},
		{"DEFAULT without saying so", list{makes("1", made("", "toString(rand64())"))}, refused},
		{"MATERIALIZED", list{makes("1", made(ops.Materialized, "generateUUIDv4()"))}, refused},
		{"EPHEMERAL", list{makes("1", made(ops.Ephemeral, "hostName()"))}, refused},
		{"ALIAS is never stored", list{makes("1", made(ops.Alias, "now()"))}, nil},
		{"not replicated", list{makes("1", localOnly)}, nil},
		{"a Distributed table", list{makes("1", like(create("t"), func(o *ops.CreateTable) {
			o.Columns = append(o.Columns, withDefault("c", "", ""))
		}), distributed)}, nil},
		{"added", list{makes("1", create("t")), makes("2", later("today()"))}, []string{"2 1 nondeterministic-default"}},
		{"added to a table that is not known", list{makes("1", later("today()"))}, nil},
		{"modified", list{makes("1", create("t")), makes("2", ops.ModifyColumn{
			Table: local("t"), Column: ops.Column{Name: "id", Type: "UInt64", Expression: "rand64()"}, Was: &ops.Column{Name: "id", Type: "UInt64"},
		})}, []string{"2 1 nondeterministic-default"}},
		{"by the way back alone", list{irreversible("1", create("t", "id", "c")), makes("2", ops.DropColumn{
			Table: local("t"), Name: "c", Was: &ops.Column{Name: "c", Type: "DateTime", Expression: "now()"},
		})}, []string{"2 backward 1 nondeterministic-default"}},
	})
}

func TestCallsAreFoundInExpressionsAndNotInQuotes(t *testing.T) {
	for expression, want := range map[string]bool{
		"now()": true, "NOW ()": true, "toDate(now64(3))": true, "yesterday()": true, "rand()": true, "randUniform(0, 1)": true,
		"randomString(8)": true, "generateUUIDv7()": true, "hostName()": true, "FQDN()": true, "currentUser()": true,
		"dictGet('d', 'a', id)": true, "`now`()": true, `"today"()`: true, "CURRENT_TIMESTAMP": true, "current_timestamp(3)": true,
		"id + /* or */ rand /* of */ ()": true, "concat('it''s ', toString(now()))": true, `concat('\'', toString(now()))`: true,
		"$$x$$ || toString(now())": true, "rowNumberInBlock()": true,

		"'now()'": false, `'it''s now()'`: false, `'\'now()'`: false, "`now()`": false, `"now()"`: false, "now": false,
		"$$now()$$": false, "$a$ now() $a$": false, "id /* now() */": false, "id -- now()": false, "toDate(today)": false,
		"known()": false, "snow(1)": false, "toStartOfDay(now)": false, "cityHash64(id)": false, "`current_timestamp`": false,
		"a.current_date": false, "grand(1)": false, "'": false, "toDateTime(0)": false, "randomHadamardTransform(x)": false,
	} {
		t.Run(expression, func(t *testing.T) {
			o := like(create("t"), func(o *ops.CreateTable) { o.Columns = append(o.Columns, withDefault("c", ops.Default, expression)) })
			var refused []string
			if want {
				refused = []string{"1 1 nondeterministic-default"}
			}
			check(t, []example{{"", list{makes("1", o)}, refused}})
		})
	}
}

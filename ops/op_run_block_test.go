package ops_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
)

func runBlock(sql string) ops.RunBlock { return ops.RunBlock{Place: atLocal(), SQL: sql} }

// TestProblemsOfBlocks: each is told with where it stands.
func TestProblemsOfBlocks(t *testing.T) {
	for sql, want := range map[string]string{
		" -- nothing\n":                                                      "0: no SQL",
		"DROP TABLE {dbb}.t":                                                 `11: unknown placeholder {dbb}, did you mean {db}?; if the text itself is meant, write {{dbb}}`,
		"DROP TABLE {elephant}.t":                                            "11: unknown placeholder {elephant}: there are {db}, {on_cluster}",
		"DROP TABLE t {onn_cluster}":                                         "did you mean {on_cluster}?",
		"CREATE USER u IDENTIFIED BY '{secrt:X}'":                            "did you mean {secret:NAME}?",
		"DROP TABLE t {replicted:MergeTree}":                                 "did you mean {replicated:Engine}?",
		"CREATE VIEW v AS SELECT {x:Unit64}":                                 "24: unknown placeholder {x:Unit64}",
		"DROP TABLE { db }.t":                                                "write {db}",
		"DROP TABLE {db:x}.t":                                                "takes no value",
		"DROP TABLE {env:}":                                                  "write {env:NAME}",
		"DROP TABLE {env:a b}":                                               "no name of an environment variable",
		"DROP TABLE {env:DB_PASSWORD}":                                       "'{secret:NAME}'",
		"CREATE USER u IDENTIFIED BY {secret:U}":                             "28: {secret:U} is no quoted text: write '{secret:U}'",
		"CREATE USER u IDENTIFIED BY '{secret: U}'":                          "has no spaces",
		"DROP TABLE t -- {secret:U}":                                         "13: a comment names a secret",
		"DROP TABLE {shard}":                                                 "is filled by ClickHouse",
		"CREATE TABLE t '{on_cluster}'":                                      "stands in quotes",
		"DROP TABLE t {on_cluster} {on_cluster}":                             "26: {on_cluster} is there twice",
		"DROP TABLE t ON CLUSTER c {on_cluster}":                             "says ON CLUSTER itself",
		"DROP TABLE t {replicated:MergeTree}":                                "stands behind ENGINE =",
		"CREATE TABLE t ENGINE={replicated:Memory}":                          "has no Replicated form",
		"CREATE TABLE t ENGINE={replicated:MergeTree}{replicated:MergeTree}": "is there twice",
		"CREATE TABLE t ENGINE={replicated:ReplicatedMergeTree}":             "write the plain engine, {replicated:MergeTree}",
		"CREATE TABLE t ENGINE={replicated:MergeTree() ORDER BY id}":         "clauses stand behind",
		"CREATE TABLE t ENGINE={replicated: }":                               "write {replicated:Engine}",
		"CREATE TABLE t ENGINE={replicated:()}":                              "names no engine",
		"INSERT INTO t VALUES ('it's')":                                      "27: the quote ' is not closed",
		"DROP /* TABLE t":                                                    "5: this comment is not closed",
		"INSERT INTO t SELECT 1":                                             "0: how many nodes",
		"SELECT 1":                                                           "0: how many nodes",
		"ALTER TABLE {env:T} DROP COLUMN c":                                  "",
		"ALTER TABLE 'x' DROP COLUMN c":                                      "the table cannot be read",
		"SYSTEM RELOAD CONFIG":                                               "",
		"DROP TABLE t -- {whatever} {secrt:x}":                               "",
		"CREATE VIEW v AS SELECT {a:DateTime64(3, 'UTC')}, {b:Map(String, UInt8)}, {c:Identifier}": "",
		`CREATE VIEW v AS SELECT {'a': 1}, '{"a":1}', '{}', '{0} {a,b} { x }', $j${"a": {}}$j$`:    "",
	} {
		have := ""
		for _, problem := range runBlock(sql).Problems() {
			have += fmt.Sprintf("%d: %s\n", problem.At, problem.Text)
		}
		if !strings.Contains(have, want) || want == "" && have != "" {
			t.Errorf("%s\n have %q\n want %q", sql, have, want)
		}
	}
}

func TestScopesOfBlocksThatAreNone(t *testing.T) {
	for _, test := range []struct {
		op   ops.RunBlock
		want string
	}{
		{ops.RunBlock{SQL: "DROP TABLE t ON CLUSTER c", Scope: ops.RunEveryNode}, "leave the scope out"},
		{ops.RunBlock{SQL: "DROP TABLE t {on_cluster}", Scope: ops.RunOneNode}, "two things"},
		{ops.RunBlock{SQL: "DROP TABLE t", Scope: "every node"}, "unknown scope"},
		{ops.RunBlock{SQL: "DROP TABLE t", Timeout: "10"}, "10m"},
		{ops.RunBlock{SQL: "DROP TABLE t", Timeout: "1500ms"}, "whole seconds"},
	} {
		test.op.Place = atLocal()
		if err := test.op.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.op, err, test.want)
		}
	}
	if err := (ops.RunBlock{SQL: "DROP TABLE t"}).Check(); err == nil || !strings.Contains(err.Error(), "storage set") {
		t.Errorf("a block without a place: %v", err)
	}
}

// TestScopeAndTraitsAreReadFromTheFirstWords: by the table that a statement is
// about, the planner knows its replica sets.
func TestScopeAndTraitsAreReadFromTheFirstWords(t *testing.T) {
	for sql, want := range map[string]string{
		"CREATE TABLE a.b (x UInt8) ENGINE = Log":                            "every node [a.b] {}",
		"create or replace view `a`.\"b\" as select 1":                       "every node [a.b] {Repeatable:true}",
		"DROP TABLE IF EXISTS t SYNC":                                        "every node [default.t] {DropsData:true Repeatable:true}",
		"DROP DATABASE d":                                                    "every node [] {DropsData:true}",
		"DETACH TABLE IF EXISTS t":                                           "every node [default.t] {Blocks:true}",
		"TRUNCATE TABLE IF EXISTS t":                                         "one per replica set [default.t] {DropsData:true Repeatable:true}",
		"TRUNCATE t":                                                         "one per replica set [default.t] {DropsData:true Repeatable:true}",
		"TRUNCATE ALL TABLES FROM d":                                         "every node [] {DropsData:true Repeatable:true}",
		"OPTIMIZE TABLE {db}.t FINAL":                                        "one per replica set [default.t] {RewritesData:true Repeatable:true}",
		"ALTER TABLE t ADD COLUMN c UInt8":                                   "one per replica set [default.t] {}",
		"ALTER TABLE t ADD COLUMN IF NOT EXISTS c Enum8('a'=1)":              "one per replica set [default.t] {Repeatable:true}",
		"ALTER TABLE t ADD COLUMN IF NOT EXISTS c UInt8, ADD COLUMN d UInt8": "one per replica set [default.t] {}",
		"ALTER TABLE t DROP COLUMN c":                                        "one per replica set [default.t] {DropsData:true}",
		"ALTER TABLE t DROP INDEX i":                                         "one per replica set [default.t] {}",
		"ALTER TABLE t ON CLUSTER c DELETE WHERE 1":                          "one node [default.t] {Mutation:true RewritesData:true DropsData:true}",
		"ALTER TABLE t {on_cluster} MATERIALIZE TTL":                         "one per replica set [default.t] {Mutation:true RewritesData:true}",
		"ALTER TABLE t MODIFY SETTING x = 1":                                 "every node [default.t] {}",
		"ALTER USER u RENAME TO v":                                           "every node [] {}",
		"EXCHANGE TABLES a AND {db}.b":                                       "every node [default.a default.b] {}",
		"RENAME TABLE a TO b, c.d TO e":                                      "every node [default.a default.b c.d default.e] {}",
		"DROP TABLE {env:TOPIC}":                                             "every node [] {DropsData:true}",
		"/* x */ GRANT SELECT ON *.* TO u":                                   "every node [] {}",
		"CREATE VIEW v AS SELECT 1 FROM a JOIN b ON cluster = x":             "every node [default.v] {}",
	} {
		op := runBlock(sql)
		if err := op.Check(); err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		statements, err := op.Statements(environments()[1].env)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		stmt := statements[0]
		have := fmt.Sprintf("%s %v %s", stmt.Scope, stmt.Writes, compact(stmt.Traits))
		if have != want {
			t.Errorf("%s\n have %s\n want %s", sql, have, want)
		}
		if strings.Contains(sql, "{on_cluster}") == stmt.Direct {
			t.Errorf("%s: direct %v", sql, stmt.Direct)
		}
	}
}

func TestATimeoutBecomesSettings(t *testing.T) {
	op := runBlock("DROP TABLE t")
	op.Timeout = "90m"
	env := environments()[1].env
	env.Settings = map[string]bool{"max_execution_time": true, "distributed_ddl_task_timeout": true}
	statements, err := op.Statements(env)
	if err != nil {
		t.Fatal(err)
	}
	want := []ops.Setting{{Name: "max_execution_time", Value: "5400"}, {Name: "distributed_ddl_task_timeout", Value: "5400"}}
	if diff := cmp.Diff(want, statements[0].Settings); diff != "" {
		t.Error(diff)
	}
}

// TestTheIdentityOfABlock: comments, white space and the timeout are no part of it.
func TestTheIdentityOfABlock(t *testing.T) {
	identity := func(op ops.RunBlock) string { return canonical(t, ops.Identity(op)) }
	slow := runBlock("DROP TABLE /* all\n of it */ t\n-- the end")
	slow.Timeout = "1h"
	if have, want := identity(slow), identity(runBlock(" DROP  TABLE\tt ")); have != want {
		t.Errorf("%s, want %s", have, want)
	}
	for _, other := range []string{"DROP TABLE T", "DROP TABLE `t`", "DROP TABLE t;", "DROPTABLE t"} {
		if identity(runBlock(other)) == identity(runBlock("DROP TABLE t")) {
			t.Errorf("%s is taken for the same as DROP TABLE t", other)
		}
	}
	if identity(runBlock("SELECT 'a  b'")) == identity(runBlock("SELECT 'a b'")) {
		t.Error("white space in a literal counts")
	}
	elsewhere := runBlock("DROP TABLE t")
	elsewhere.Target = ops.Distributed
	if identity(elsewhere) == identity(runBlock("DROP TABLE t")) {
		t.Error("the target counts")
	}
}

// TestALineCommentDoesNotSwallowWhatFollows: ON CLUSTER goes to a line of its own.
func TestALineCommentDoesNotSwallowWhatFollows(t *testing.T) {
	statements, err := runBlock("DROP TABLE t -- it\n  {on_cluster} SYNC").Statements(environments()[1].env)
	if err != nil {
		t.Fatal(err)
	}
	if have := statements[0].SQL("c"); have != "DROP TABLE t -- it\n ON CLUSTER 'c' SYNC" {
		t.Errorf("%q", have)
	}
}

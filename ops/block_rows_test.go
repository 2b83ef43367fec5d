package ops

import (
	"strings"
	"testing"
)

func TestWhatStandsBehindTheRowsOfAnInsertIsFound(t *testing.T) {
	for sql, want := range map[string]string{
		"INSERT INTO t VALUES (1); DROP TABLE x":                            "DROP TABLE x",
		"insert into {db}.t (id, values) values (1), ('a;b');\n (2, 'c')":   "(2, 'c')",
		"INSERT INTO TABLE `a;b` FORMAT Values (1) ;; SELECT 1":             "SELECT 1",
		"INSERT INTO FUNCTION null('a UInt8; b') VALUES (1); INSERT":        "INSERT",
		"INSERT INTO values VALUES (1); x":                                  "x",
		"INSERT INTO t SETTINGS async_insert = 1 VALUES (1) /* ; */; x":     "x",
		"INSERT INTO t VALUES (1), (2);":                                    "",
		"INSERT INTO t VALUES ('; DROP TABLE x'), ($$;$$) -- ; DROP":        "",
		"INSERT INTO t VALUES (1); -- fine\n/* and this */ ;":               "",
		"INSERT INTO t FORMAT CSV 1;VALUES;2":                               "",
		"INSERT INTO t FORMAT JSONEachRow {\"values\": 1}; {\"values\": 2}": "",
		"INSERT INTO t SELECT 1; DROP TABLE x":                              "", // the parser sees that
		"INSERT INTO t WITH 1 AS values SELECT values; x":                   "",
		"INSERT INTO t FROM INFILE 'a' FORMAT CSV":                          "",
		"CREATE TABLE t (values UInt8); DROP TABLE x":                       "",
	} {
		have := ""
		if at := behindRows(significantIn(sql)); at >= 0 {
			have = sql[at:]
		}
		if have != want {
			t.Errorf("%s: %q, want %q", sql, have, want)
		}
	}
}

func TestTwoStatementsBehindVALUESAreRefused(t *testing.T) {
	const sql = "INSERT INTO {db}.t (id) VALUES (1);\n  DROP TABLE {db}.t"
	place := Place{StorageSet: "events", Target: Local}
	problems := RunBlock{Place: place, SQL: sql, Scope: RunOneNode}.Problems()
	if len(problems) != 1 || problems[0].At != strings.Index(sql, "DROP") || !strings.Contains(problems[0].Text, "a block of its own") {
		t.Errorf("a block: %v", problems)
	}
	err := RunSQL{Place: place, SQL: sql, Scope: RunOneNode}.Check()
	if err == nil || !strings.Contains(err.Error(), "something stands behind the ; that ends the rows") {
		t.Errorf("RunSQL: %v", err)
	}
}

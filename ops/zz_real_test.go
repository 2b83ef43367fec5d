package ops_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/ops"
)

func q(sql string) string {
	r, err := http.Post("http://127.0.0.1:47123/", "text/plain", strings.NewReader(sql))
	if err != nil {
		return "ERR " + err.Error()
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	if r.StatusCode != 200 {
		return "ERR " + string(b)
	}
	return string(b)
}

func TestReal18(t *testing.T) {
	if os.Getenv("REAL18") == "" {
		t.Skip()
	}
	n := 0
	var modern strings.Builder
	for _, replicated := range []bool{false, true} {
		for i, h := range hard() {
			if h == "" || h == "\xff\xfe" && replicated {
				continue
			}
			if h == "{db}" || replicated && strings.ContainsAny(h, "/{}\x00\n\t\b\f\r\v\a\x1b\x7f") {
				continue
			}
			tn := h
			db := "dq" + h
			env := ops.Env{SingleNode: !replicated, LocalCluster: "skein_local", Database: db, ReplicaMacro: "{replica}", Version: ops.Version{Major: 18, Minor: 16, Patch: 1}}
			on := ""
			if replicated {
				on = "skein_local"
			}
			if r := q("CREATE DATABASE " + ops.Ident(db)); strings.HasPrefix(r, "ERR") {
				t.Errorf("db %q: %.200s", db, r)
				continue
			}
			set := local
			do := func(op ops.Operation) {
				if err := op.Check(); err != nil {
					t.Errorf("check %v", err)
				}
				st, err := op.Statements(env)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range st {
					n++
					oc := on
					if s.Direct {
						oc = ""
					}
					if r := q(s.SQL(oc)); strings.HasPrefix(r, "ERR") {
						t.Errorf("%q repl=%v\n%s\n  -> %.300s", h, replicated, s.SQL(oc), r)
					}
				}
			}
			col := "c" + h
			tree := ops.Engine{Kind: ops.SummingMergeTree, Columns: []string{col}, PartitionBy: "id", PrimaryKey: "(id, k)", OrderBy: "(id, k)", SampleBy: "k", Settings: []ops.Setting{{Name: "index_granularity", Value: "1024"}}}
			cols := []ops.Column{{Name: "id", Type: "UInt8"}, {Name: "k", Type: "UInt32"}, {Name: col, Type: "UInt64"}, {Name: "lit", Type: "String", Expression: ops.String(h)}}
			do(ops.CreateTable{Table: set(tn), Columns: cols, Engine: tree})
			col2 := "d" + h
			do(ops.AddColumn{Table: set(tn), Column: ops.Column{Name: col2, Type: "UInt8", Expression: "1"}, After: col})
			do(ops.ModifyColumn{Table: set(tn), Column: ops.Column{Name: col2, Type: "UInt16", Expression: "2"}})
			do(ops.CreateTable{Table: set("tgt"), Columns: cols[:1], Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "tuple()"}})
			do(ops.CreateMaterializedView{Table: set("mv" + h), To: set("tgt"), Columns: cols[:1], Query: "SELECT id FROM {db}." + ops.Ident(tn)})
			do(ops.CreateTable{Table: set("di" + h), Columns: cols, Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: tn, ShardingKey: "id"}, })
			// read back
			q("INSERT INTO " + ops.Ident(db) + "." + ops.Ident(tn) + " (id,k) VALUES (1,1)")
			if r := q("SELECT count() FROM system.columns WHERE hex(database)=upper('" + hex.EncodeToString([]byte(db)) + "') AND hex(table)=upper('" + hex.EncodeToString([]byte(tn)) + "') AND hex(name) IN (upper('" + hex.EncodeToString([]byte(col)) + "'),upper('" + hex.EncodeToString([]byte(col2)) + "'))"); strings.TrimSpace(r) != "2" {
				t.Errorf("%q: columns read back: %s", h, r)
			}
			if r := strings.TrimSpace(q("SELECT hex(lit) FROM " + ops.Ident(db) + "." + ops.Ident(tn))); r != strings.ToUpper(hex.EncodeToString([]byte(h))) {
				t.Errorf("%q repl=%v: literal read back: %s", h, replicated, r)
			}
			if r := strings.TrimSpace(q("SELECT hex(lit) FROM " + ops.Ident(db) + "." + ops.Ident("di"+h))); r != strings.ToUpper(hex.EncodeToString([]byte(h))) {
				t.Errorf("%q: through distributed: %.200s", h, r)
			}
			do(ops.DropTable{Table: set("mv" + h), View: true})
			do(ops.RenameTable{From: set(tn), To: "re" + h})
			do(ops.DropColumn{Table: set("re" + h), Name: col2})
			do(ops.RunSQL{Place: atLocal(), SQL: "TRUNCATE TABLE {db}." + ops.Ident("tgt") + " {on_cluster}", Scope: ops.RunEveryNode})
			do(ops.DropTable{Table: set("re" + h), IfExists: true})
			do(ops.DropTable{Table: set("di" + h)})
			do(ops.DropTable{Table: set("tgt")})
			if r := q("SELECT count() FROM system.tables WHERE database=" + ops.String(db)); strings.TrimSpace(r) != "0" {
				t.Errorf("%q: left: %s", h, r)
			}
			q("DROP DATABASE " + ops.Ident(db))
			_ = i
		}
	}
	fmt.Println(n, "statements")
	// modern text
	for i, h := range hard() {
		if h == "" || h == "{db}" || h == "\xff\xfe" {
			continue
		}
		env := environments()[0].env
		env.Database = fmt.Sprintf("m%d", i)
		fmt.Fprintf(&modern, "CREATE DATABASE %s ENGINE=Atomic;\n", env.Database)
		w := func(op ops.Operation) {
			st, err := op.Statements(env)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range st {
				modern.WriteString(s.SQL("") + ";\n")
			}
		}
		tn, c := "t"+h, "c"+h
		w(ops.CreateTable{Table: local(tn), Comment: h, Columns: []ops.Column{{Name: "id", Type: "UInt8"}, {Name: "day", Type: "Date"}, {Name: c, Type: "UInt64", Expression: "3", Comment: h, Codec: "LZ4", TTL: "day"}},
			Indexes: []ops.Index{{Name: "i" + h, Expression: ops.Ident(c), Type: "minmax"}},
			Engine: ops.Engine{Kind: ops.ReplacingMergeTree, Version: "id", OrderBy: "id", TTL: "day", Settings: []ops.Setting{{Name: "storage_policy", Value: "default"}, {Name: "index_granularity", Value: "512"}}}, IfNotExists: true})
		noted := ops.Column{Name: "n" + h, Type: "UInt8", Expression: "1", Comment: h, Codec: "LZ4", TTL: "day"}
		w(ops.AddColumn{Table: local(tn), Column: noted, First: true, IfNotExists: true})
		fmt.Fprintf(&modern, "SELECT 'cmt', %d, hex(comment) = '%X' AND hex(name) = '%X' FROM system.columns WHERE database='%s' AND name LIKE 'n%%';\n", i, h, noted.Name, env.Database)
		fmt.Fprintf(&modern, "SELECT 'tab', %d, hex(comment) = '%X' AND hex(name) = '%X' FROM system.tables WHERE database='%s';\n", i, h, tn, env.Database)
		w(ops.ModifyColumn{Table: local(tn), Column: ops.Column{Name: noted.Name, Type: "UInt16"}, Was: &noted})
		fmt.Fprintf(&modern, "SELECT 'rem', %d, comment = '' AND default_kind = '' AND compression_codec = '' AND type = 'UInt16' FROM system.columns WHERE database='%s' AND name LIKE 'n%%';\n", i, env.Database)
		w(ops.ModifyColumn{Table: local(tn), Column: noted, Was: &ops.Column{Name: noted.Name, Type: "UInt16"}})
		w(ops.AddIndex{Table: local(tn), Index: ops.Index{Name: "j" + h, Expression: "id", Type: "minmax"}, After: "i" + h, IfNotExists: true})
		w(ops.DropIndex{Table: local(tn), Name: "i" + h, IfExists: true})
		fmt.Fprintf(&modern, "SELECT 'idx', %d, hex(name) = '%X' FROM system.data_skipping_indices WHERE database='%s';\n", i, "j"+h, env.Database)
		w(ops.CreateTable{Table: local("tgt"), Columns: []ops.Column{{Name: "id", Type: "UInt8"}}, Engine: ops.Engine{Kind: ops.Memory}})
		w(ops.CreateMaterializedView{Table: local("v" + h), To: local("tgt"), Columns: []ops.Column{{Name: "id", Type: "UInt8"}}, Query: "SELECT id FROM {db}." + ops.Ident(tn)})
		w(ops.DropTable{Table: local("v" + h)})
		w(ops.DropColumn{Table: local(tn), Name: noted.Name, IfExists: true})
		w(ops.RenameTable{From: local(tn), To: "r" + h})
		w(ops.DropTable{Table: local("r" + h)})
		fmt.Fprintf(&modern, "SELECT 'left', %d, count()=1 FROM system.tables WHERE database='%s';\n", i, env.Database)
	}
	e := create(ops.Engine{Kind: ops.ReplacingMergeTree, Version: "v", IsDeleted: "d", OrderBy: "id"}, ops.Column{Name: "v", Type: "UInt64"}, ops.Column{Name: "d", Type: "UInt8"}, ops.Column{Name: "e", Type: "UInt8", Kind: ops.Ephemeral})
	env := environments()[0].env
	env.Database = "m1"
	st, _ := e.Statements(env)
	modern.WriteString(st[0].SQL("") + ";\nSELECT 'end';\n")
	os.WriteFile("/tmp/opsch/mw/modern.sql", []byte(modern.String()), 0o644)
}

package ops

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTextIsSplitWhereTheServerWould(t *testing.T) {
	have, err := SplitText("-- one; two\nCREATE TABLE `a;b` (x String DEFAULT ';');\n\n  DROP TABLE c /* ; */ ;; -- the end;\n$$a;b$$")
	if err != nil {
		t.Fatal(err)
	}
	want := []TextPart{
		{12, "CREATE TABLE `a;b` (x String DEFAULT ';')"},
		{58, "DROP TABLE c"},
		{94, "$$a;b$$"},
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	var open *BlockError
	if _, err := SplitText("SELECT 1; SELECT 'a"); !errors.As(err, &open) || open.At != 17 {
		t.Errorf("an open quote: %v", err)
	}
}

func TestWhatIsWrittenLiterallyIsSentAsItWas(t *testing.T) {
	for _, sql := range []string{
		"CREATE TABLE a ON CLUSTER '{cluster}' (x UInt8) ENGINE = ReplicatedMergeTree('/t/{shard}/a', '{replica}') ORDER BY x",
		"SELECT '{word}', '{{word}}', '{{{word}}}', {word}, '{secret:A}', '{env:HOME}', '{db}', { db }",
		"SELECT {id:UInt64}, '{\"a\": 1}', '{}', map('{0}', 1), '{a,b}'",
		"SELECT 1 -- {db}",
		"SELECT `{db}`, $${db}$$",
	} {
		block := RunBlock{Place: Place{StorageSet: "events", Target: Local}, Scope: RunOneNode, SQL: Literally(sql)}
		if problems := block.Problems(); len(problems) > 0 {
			t.Errorf("%s: %s: %v", sql, block.SQL, problems[0])
			continue
		}
		statements, err := block.Statements(Env{SingleNode: true, Database: "default"})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if have := statements[0].Head + statements[0].Tail; have != sql {
			t.Errorf("written %s\nsent    %s\nwas     %s", block.SQL, have, sql)
		}
	}
}

func TestWhiteSpaceIsWhatUnicodeSays(t *testing.T) {
	for _, space := range []string{" ", "\t\r\n", "\v\f", " \u00a0", "\u00a0 ", "\u2003\n\u3000", "\u0085"} {
		pieces, problems := scan("SELECT" + space + "'é'" + space)
		if len(problems) > 0 || len(pieces) != 4 || pieces[1].text != space || pieces[3].text != space {
			t.Errorf("%q: %v, %v", space, pieces, problems)
		}
	}
}

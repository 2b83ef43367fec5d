package cluster

import (
	"strings"
	"testing"
)

func TestDisplaced(t *testing.T) {
	for _, test := range []struct{ table, path, want string }{
		{"a", "", ""},
		{"a", "/data//d/a/", ""},
		{"a", "/data//d/c/", "c"},
		{".inner.a b", "/data/d/%2Einner%2Ea%20b/", ""},
		{".inner.ä", "/data/d/%2Einner%2E%C3%A4/", ""},
		{"a", "/data/d/%2Einner%2Ea/", ".inner.a"},
	} {
		if got := displaced(test.table, test.path); got != test.want {
			t.Errorf("%s in %s: %q, want %q", test.table, test.path, got, test.want)
		}
	}
}

func TestPutBack(t *testing.T) {
	for folder, want := range map[string]string{
		"c":       "RENAME TABLE d.a TO d.a_aside, d.a_aside TO d.a",
		"a_aside": "RENAME TABLE d.a TO d.a_aside_2, d.a_aside_2 TO d.a", // by one that failed
	} {
		if got := strings.ReplaceAll(putBack("d", "a", folder), "`", ""); got != want {
			t.Errorf("in %s: %s", folder, got)
		}
	}
}

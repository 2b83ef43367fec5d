package scaffold

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestTheNextNumber(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 15, 0, 0, time.FixedZone("", 2*3600))
	for name, test := range map[string]struct {
		ids                   []string
		timestamp, sequential bool
		want, err             string
	}{
		"the first":                      {nil, false, false, "0001", ""},
		"the first, sequential":          {nil, false, true, "0001", ""},
		"one more":                       {[]string{"0001_a", "0009_b"}, false, true, "0010", ""},
		"in any order":                   {[]string{"0009_b", "0001_a"}, false, false, "0010", ""},
		"as wide as the last":            {[]string{"00041_a"}, false, false, "00042", ""},
		"never narrower than four":       {[]string{"9_a"}, false, false, "0010", ""},
		"wider than all before":          {[]string{"9999_a"}, false, false, "10000", ""},
		"a timestamp asked for":          {nil, true, false, "20261120101500", ""},
		"a timestamp behind a number":    {[]string{"0041_a"}, true, false, "20261120101500", ""},
		"a timestamp behind another":     {[]string{"20260101000000_a"}, false, false, "20261120101500", ""},
		"of the same second":             {[]string{"20261120101500_a"}, false, false, "20261120101501", ""},
		"of a clock that was ahead":      {[]string{"20300101000000_a"}, true, false, "20300101000001", ""},
		"sequential takes no timestamp":  {[]string{"0001_a"}, true, true, "", "leave --timestamp out"},
		"no number":                      {[]string{"create"}, false, false, "", "create begins with no number"},
		"seconds since 1970":             {[]string{"1763633700_a"}, false, false, "", "say --timestamp"},
		"seconds since 1970, told apart": {[]string{"1763633700_a"}, true, false, "20261120101500", ""},
	} {
		have, err := NextNumber(test.ids, test.timestamp, test.sequential, now)
		if have != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %q, %v; want %q, %q", name, have, err, test.want, test.err)
		}
	}
}

func TestNames(t *testing.T) {
	for group, want := range map[string]string{
		"events": "events", "billing-eu": "billingeu", "Orders_2": "orders2", "2fa": "group2fa", "func": "groupfunc", "main": "groupmain", "_": "group",
	} {
		if have := PackageName(group); have != want {
			t.Errorf("package of %s: %s, want %s", group, have, want)
		}
	}
	if have := FuncName("0002_add_trace-id.v2"); have != "m0002AddTraceIdV2" {
		t.Error(have)
	}
}

func TestAMigrationIsRegistered(t *testing.T) {
	const file = `package events

import "github.com/skein-migrate/skein/migration"

// Group has a comment.
func Group() migration.Group {
	return migration.Group{Name: "events", Migrations: []migration.Migration{%s}}
}
`
	for before, want := range map[string]string{
		"":              "[]migration.Migration{\n\t\tm2(),\n\t}}",
		"m1()":          "[]migration.Migration{m1(),\n\t\tm2(),\n\t}}",
		"\n\t\tm1(),\n": "[]migration.Migration{\n\t\tm1(),\n\t\tm2(),\n\t}}",
	} {
		added, err := AddMigration([]byte(strings.Replace(file, "%s", before, 1)), "m2()")
		if err != nil || !strings.Contains(string(added), want) || !strings.Contains(string(added), "// Group has a comment.") {
			t.Errorf("%q: %v\n%s\nwant %s", before, err, added, want)
		}
	}
	if _, err := AddMigration([]byte("package events\n"), "m2()"); !errors.Is(err, ErrNoList) {
		t.Error(err)
	}
	if _, err := AddMigration([]byte("package"), "m2()"); err == nil || errors.Is(err, ErrNoList) {
		t.Error(err)
	}
}

func TestAGroupIsRegistered(t *testing.T) {
	for _, imports := range []string{"import (\n\t\"os\"\n)\n", "import \"os\"\n"} {
		source := "package main\n\n" + imports + "\nfunc groups() []migration.Group {\n\treturn []migration.Group{\n\t\tevents.Group(),\n\t}\n}\n"
		added, err := AddGroup([]byte(source), "users.Group()", "example.com/shop/migrations/users", "")
		if err != nil {
			t.Fatal(err)
		}
		again, err := AddGroup(added, "users.Group()", "example.com/shop/migrations/users", "")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(added), "\t\tevents.Group(),\n\t\tusers.Group(),\n\t}") || strings.Count(string(again), `"example.com/shop/migrations/users"`) != 1 {
			t.Errorf("%s\n%s", added, again)
		}
	}
}

// The module that init makes asks for the version of Go that skein itself needs.
func TestTheModuleAsksForTheGoOfSkein(t *testing.T) {
	ours, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := render("go.mod", values{Module: "example.com/shop"})
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(theirs, "\n\n")
	if !strings.Contains(string(ours), "\n"+version) {
		t.Errorf("%q is not in skein's go.mod", version)
	}
}

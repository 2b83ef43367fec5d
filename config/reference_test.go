package config

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	referencePage = "../docs/configuration.md"
	begins        = "<!-- What follows is made of package config by `make golden`. -->\n"
)

// TestTheReferenceIsThatOfTheReader holds that the page has every key that skein
// reads, with its default and its variable.
func TestTheReferenceIsThatOfTheReader(t *testing.T) {
	page, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	written, have, found := strings.Cut(string(page), begins)
	if !found {
		t.Fatalf("%s has no line %q", referencePage, begins)
	}
	want := reference()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(referencePage, []byte(written+begins+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("%s is stale, run `make golden` (-want +have):\n%s", referencePage, diff)
	}
}

// TestEveryKeyHasAMeaning: the reference and editors show it.
func TestEveryKeyHasAMeaning(t *testing.T) {
	known := meanings()
	used := map[string]bool{"environments": true}
	_, keys := template().ask()
	for _, key := range keys {
		used[meant(key.path)] = true
		if known[meant(key.path)].text == "" {
			t.Errorf("%s has no meaning in meaning.go", key.path)
		}
	}
	for name := range known {
		if !used[name] {
			t.Errorf("meaning.go has %s, which is no key", name)
		}
	}
}

// reference is the tables of the page, a section of skein.yaml each.
func reference() string {
	var b strings.Builder
	_, keys := template().ask()
	for _, section := range []string{"clusters", "coordination", "groups", "secrets", "aws", "access", "tls", ""} {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| key | type | default | variable | what it does |\n| --- | --- | --- | --- | --- |\n",
			heading(section), introduction(section))
		done := map[string]bool{}
		for _, key := range keys {
			if row := rowOf(key, section); row != "" && !done[row] {
				b.WriteString(row)
				done[row] = true
			}
		}
		if section == "" {
			fmt.Fprintf(&b, "| `environments.NAME` | keys | | | %s |\n", meanings()["environments"].text)
		}
	}
	return b.String()
}

func heading(section string) string {
	if section == "" {
		return "The other keys"
	}
	return section
}

func introduction(section string) string {
	switch section {
	case "tls":
		return "Under `clusters` and under `coordination`, in place of `tls: true`."
	case "":
		return "These stand alone."
	}
	return meanings()[section].text
}

// rowOf is the row of a key in the table of a section, empty if it is in another one
// or has keys of its own.
func rowOf(key asked, section string) string {
	name := meant(key.path)
	of, rest, nested := strings.Cut(name, ".")
	if !nested {
		of, rest = "", name
	}
	if key.value == nil || of != section {
		return ""
	}
	m := meanings()[name]
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", rest, typeOf(key, m), defaultOf(key, m), variableOf(key), m.text)
}

func typeOf(key asked, m meaning) string {
	words := func(schema any) string {
		var list []string
		for _, word := range schema.([]any) {
			if text, isText := word.(string); isText {
				list = append(list, "`"+text+"`")
			}
		}
		return strings.Join(list, ", ")
	}
	if m.takes != "" {
		return m.takes
	}
	if enum, ok := key.schema["enum"]; ok {
		return words(enum)
	}
	switch key.value.(type) {
	case Secret:
		return "[secret](#secrets)"
	case *TLS:
		return "true, false, or [keys](#tls-1)"
	case bool, *bool:
		return "true, false"
	case int:
		return fmt.Sprintf("0 to %d", mostCounted)
	case time.Duration:
		return "duration"
	case string:
		return "text"
	case map[string]string:
		return "text to text"
	}
	if items, ok := key.schema["items"].(object)["enum"]; ok {
		return "list of " + words(items)
	}
	return "list of text"
}

func defaultOf(key asked, m meaning) string {
	if m.otherwise != "" {
		return m.otherwise
	}
	if value := shown(key.value); value != nil {
		return fmt.Sprintf("`%v`", value)
	}
	return "none"
}

func variableOf(key asked) string {
	c := template()
	c.Clusters[0].Name = "<NAME>"
	at := slices.IndexFunc(c.variables(), func(v variable) bool { return v.key == key.path })
	if at < 0 {
		return ""
	}
	return "`" + strings.Replace(c.variables()[at].name, "__NAME__", "_NAME_", 1) + "`"
}

package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The examples of the library page are functions that go test runs. What they share
// with others of their file is not on the page.
func TestTheLibraryPageHasTheExamples(t *testing.T) {
	const name = "../docs/library.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)<!-- ([\\w/.]+): (\\w+) -->\n```go\n(.*?)```\n")
	written := block.ReplaceAllStringFunc(string(page), func(found string) string {
		parts := block.FindStringSubmatch(found)
		return "<!-- " + parts[1] + ": " + parts[2] + " -->\n```go\n" + function(t, filepath.Join("..", parts[1]), parts[2]) + "```\n"
	})
	if len(block.FindAllString(string(page), -1)) < 10 {
		t.Error("the page has lost its examples")
	}
	if written == string(page) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the examples are: -update writes it", name)
	}
	if err := os.WriteFile(name, []byte(written), 0o644); err != nil {
		t.Fatal(err)
	}
}

// function is the text of an example that has an output, and so is run.
func function(t *testing.T, file, name string) string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, declaration := range parsed.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok || f.Name.Name != name {
			continue
		}
		text := string(source[set.Position(f.Pos()).Offset:set.Position(f.End()).Offset]) + "\n"
		if !strings.Contains(text, "\t// Output:\n") {
			t.Errorf("%s of %s has no output: it is not run", name, file)
		}
		return text
	}
	t.Fatalf("%s has no %s", file, name)
	return ""
}

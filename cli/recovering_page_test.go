package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Each message of the page is one that skein still has: a line of a golden file, or
// the end of one that is made with a format of the source.
func TestTheMessagesOfTheRecoveringPageAreSaid(t *testing.T) {
	page, err := os.ReadFile("../docs/recovering.md")
	if err != nil {
		t.Fatal(err)
	}
	said, formats := goldenLines(t), messages(t, "..")
	found := regexp.MustCompile("(?ms)^```text\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(found) < 40 {
		t.Fatalf("the page has %d messages", len(found))
	}
	for _, block := range found {
		first, _, _ := strings.Cut(block[1], "\n")
		if !said[first] && !made(first, formats) {
			t.Errorf("nothing says %q", first)
		}
	}
}

// Where the page leads, there is something.
func TestTheLinksOfTheRecoveringPageLeadSomewhere(t *testing.T) {
	page, err := os.ReadFile("../docs/recovering.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]map[string]bool{}
	for _, link := range regexp.MustCompile(`\]\(([\w/.-]*)#?([\w-]*)\)`).FindAllStringSubmatch(string(page), -1) {
		file := link[1]
		if file == "" {
			file = "recovering.md"
		}
		if headings[file] == nil {
			headings[file] = anchors(t, filepath.Join("../docs", file))
		}
		if link[2] != "" && !headings[file][link[2]] {
			t.Errorf("%s has no heading #%s", file, link[2])
		}
	}
}

func anchors(t *testing.T, file string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(string(text), -1) {
		plain := regexp.MustCompile(`[^\w -]`).ReplaceAllString(heading[1], "")
		out[anchor(plain)] = true
	}
	return out
}

func goldenLines(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	tested := regexp.MustCompile(`^testdata/bad/\w+\.yaml:`)
	for _, file := range slices.Concat(glob(t, "testdata/golden/*.txt"), glob(t, "../config/testdata/bad/*.golden")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			out[tested.ReplaceAllString(strings.TrimSuffix(line, "\n"), "skein.yaml:")] = true
		}
	}
	return out
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %v", pattern, files, err)
	}
	return files
}

// made says whether a format, its verbs filled in, is the line, or what stands in it
// behind a colon: errors are wrapped.
func made(line string, formats []string) bool {
	verb := regexp.MustCompile(`%(\[\d+\])?[-+#]?\d*[a-z]`)
	line = strings.TrimPrefix(line, "skein: ")
	for _, format := range formats {
		format, _, _ = strings.Cut(strings.TrimPrefix(format, "skein: "), "\n") // the page is about first lines
		if format == line {
			return true
		}
		parts := verb.Split(format, -1)
		if len(strings.Join(parts, "")) < 24 {
			continue // says too little: "%s, nothing was changed"
		}
		all := true
		for i, part := range parts {
			all = all && strings.Contains(line, part)
			parts[i] = regexp.QuoteMeta(part)
		}
		if all && regexp.MustCompile(`(^|: |needs )`+strings.Join(parts, ".*")+"$").MatchString(line) {
			return true
		}
	}
	return false
}

// messages are the texts of the source that is not a test, with those that are added
// up joined.
func messages(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "integration" || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			expression, ok := node.(ast.Expr)
			if !ok {
				return true
			}
			text, ok := joined(expression)
			if ok {
				out = append(out, text)
			}
			return !ok
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// joined is the value of a text, or of texts with + between them.
func joined(expression ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, ok := joined(e.X)
		if !ok || e.Op != token.ADD {
			return "", false
		}
		right, ok := joined(e.Y)
		return left + right, ok
	}
	return "", false
}

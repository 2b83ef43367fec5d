package yamlfile

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write choices.go anew")

// openWords are types whose constants are not all of their values.
func openWords() map[string]bool {
	return map[string]bool{"SourceKind": true} // "Any other word is taken too: servers gain sources."
}

// TestChoicesAreThoseOfOps holds that choices.go lists the constants that
// package ops declares: reflection sees none.
func TestChoicesAreThoseOfOps(t *testing.T) {
	files, err := filepath.Glob("../../ops/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no source of package ops:", err)
	}
	var order []string
	found := map[string][]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			for typ, values := range constants(declared) {
				if openWords()[typ] {
					continue
				}
				if found[typ] == nil {
					order = append(order, typ)
				}
				found[typ] = append(found[typ], values...)
			}
		}
	}
	var out bytes.Buffer
	out.WriteString("// Code generated from the constants of package ops by `make golden`; DO NOT EDIT.\n\npackage yamlfile\n\n" +
		"// choices are the values of the types of package ops that are a text with a few\n// meanings, by the name of the type.\n" +
		"func choices() map[string][]string {\n\treturn map[string][]string{\n")
	for _, typ := range order {
		fmt.Fprintf(&out, "%q: {\n", typ)
		for _, value := range found[typ] {
			fmt.Fprintf(&out, "%q,\n", value)
		}
		out.WriteString("},\n")
	}
	out.WriteString("}\n}\n")
	text, err := format.Source(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("choices.go", text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("choices.go")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), string(have)); diff != "" {
		t.Errorf("choices.go is stale, run `make golden` (-want +have):\n%s", diff)
	}
}

// constants are the text constants of a declaration by their type.
func constants(declared ast.Decl) map[string][]string {
	found := map[string][]string{}
	block, ok := declared.(*ast.GenDecl)
	if !ok || block.Tok != token.CONST {
		return nil
	}
	for _, spec := range block.Specs {
		value, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		typ, ok := value.Type.(*ast.Ident)
		if !ok || !typ.IsExported() || len(value.Values) != 1 {
			continue
		}
		if literal, ok := value.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				found[typ.Name] = append(found[typ.Name], text)
			}
		}
	}
	return found
}

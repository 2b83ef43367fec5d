package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"strconv"
)

// ErrNoList says that a Go file has no list of the kind.
var ErrNoList = errors.New("no such list")

// AddMigration adds a call to the []migration.Migration{…} of a Go file.
func AddMigration(source []byte, call string) ([]byte, error) {
	return addElement(source, "Migration", call)
}

// AddGroup adds a call to the []migration.Group{…} of a Go file, and the import of its
// package, under an alias unless that is empty.
func AddGroup(source []byte, call, importPath, alias string) ([]byte, error) {
	added, err := addElement(source, "Group", call)
	if err != nil {
		return nil, err
	}
	return addImport(added, importPath, alias)
}

func addElement(source []byte, kind, element string) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var list *ast.CompositeLit
	ast.Inspect(file, func(n ast.Node) bool {
		lit, is := n.(*ast.CompositeLit)
		if is && list == nil && isList(lit, kind) {
			list = lit
		}
		return list == nil
	})
	if list == nil {
		return nil, ErrNoList
	}
	at, comma := files.Position(list.Rbrace).Offset, ""
	if n := len(list.Elts); n > 0 {
		end := files.Position(list.Elts[n-1].End()).Offset
		if !bytes.Contains(source[end:at], []byte(",")) {
			comma = ","
		}
	}
	before := bytes.TrimRight(source[:at], " \t\r\n")
	return formatted(before, fmt.Sprintf("%s\n%s,\n", comma, element), source[at:])
}

// isList says that a literal is []migration.Kind{…}.
func isList(lit *ast.CompositeLit, kind string) bool {
	array, is := lit.Type.(*ast.ArrayType)
	if !is || array.Len != nil {
		return false
	}
	of, is := array.Elt.(*ast.SelectorExpr)
	if !is {
		return false
	}
	pkg, is := of.X.(*ast.Ident)
	return is && pkg.Name == "migration" && of.Sel.Name == kind
}

func addImport(source []byte, importPath, alias string) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	spec := strconv.Quote(importPath)
	for _, there := range file.Imports {
		if there.Path.Value == spec {
			return source, nil
		}
	}
	if alias != "" {
		spec = alias + " " + spec
	}
	for _, decl := range file.Decls {
		if block, is := decl.(*ast.GenDecl); is && block.Tok == token.IMPORT && block.Rparen.IsValid() {
			at := files.Position(block.Rparen).Offset
			return formatted(source[:at], spec+"\n", source[at:])
		}
	}
	at := files.Position(file.Name.End()).Offset
	return formatted(source[:at], "\n\nimport "+spec+"\n", source[at:])
}

func formatted(before []byte, added string, after []byte) ([]byte, error) {
	return format.Source([]byte(string(before) + added + string(after)))
}

// PackageOf is the package that a Go file says it is of.
func PackageOf(source []byte) (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	return file.Name.Name, nil
}

// Package scaffold makes the files that a project, or a migration, begins with. It is
// pure: values in, files out. Unedited they load, pass validation and can be run.
package scaffold

import (
	"embed"
	"fmt"
	"go/format"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:embed templates
var templates embed.FS

// File is a file that is not there yet.
type File struct{ Path, Text string }

// Format is how a migration is written.
type Format string

// The formats.
const (
	SQL  Format = "sql"
	YAML Format = "yaml"
	Go   Format = "go"
)

// ParseFormat reads a format; the error lists them.
func ParseFormat(text string) (Format, error) {
	if f := Format(text); slices.Contains([]Format{SQL, YAML, Go}, f) {
		return f, nil
	}
	return "", fmt.Errorf("format is sql, yaml or go, not %q", text)
}

// Project is what a new project is made of.
type Project struct {
	Dir        string // where it begins
	Group, Set string // the first group, and the storage set that it is for
	SingleNode bool
	Format     Format
	// Module is the Go module of Dir, or of a directory above it together with the way
	// down. For the format Go. GoMod: it is new.
	Module string
	GoMod  bool
	// ConfigSchema and MigrationSchema are put beside skein.yaml, for editors.
	ConfigSchema, MigrationSchema string
}

// Files are those of the project, skein.yaml first.
func (p Project) Files() ([]File, error) {
	dir := filepath.Join(p.Dir, "migrations", p.Group)
	id := "0001_create_events"
	of := values{
		Cluster: strings.ReplaceAll(p.Set, "-", "_"), Set: p.Set, Group: p.Group, ID: id,
		Package: PackageName(p.Group), Func: FuncName(id), Program: path.Base(p.Module), Module: p.Module,
		Import: path.Join(p.Module, "migrations", p.Group),
	}
	if path.Base(of.Import) != of.Package {
		of.Alias = of.Package
	}
	config := "cluster.yaml"
	if p.SingleNode {
		config = "single-node.yaml"
	}
	made := []struct{ path, template string }{
		{filepath.Join(p.Dir, "skein.yaml"), config},
		{filepath.Join(dir, id+"."+string(p.Format)), "first." + string(p.Format)},
	}
	if p.Format == Go {
		made = append(made, struct{ path, template string }{filepath.Join(dir, "group.go"), "group.go"},
			struct{ path, template string }{filepath.Join(p.Dir, "main.go"), "main.go"})
		if p.GoMod {
			made = append(made, struct{ path, template string }{filepath.Join(p.Dir, "go.mod"), "go.mod"})
		}
	}
	files := make([]File, 0, len(made)+2)
	for _, m := range made {
		text, err := render(m.template, of)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: m.path, Text: text})
	}
	return append(files,
		File{Path: filepath.Join(p.Dir, "skein.schema.json"), Text: p.ConfigSchema},
		File{Path: filepath.Join(p.Dir, "migration.schema.json"), Text: p.MigrationSchema},
	), nil
}

// Migration is what the next migration of a group is made of.
type Migration struct {
	Dir    string
	Group  string
	Set    string // a storage set of the group
	Only   bool   // it is the group's only one, which SQL then need not name
	ID     string
	Format Format
	// Schema is the way from Dir to migration.schema.json; empty: there is none.
	Schema string
	// Package is that of the Go files of Dir; empty: there are none, and the file
	// that lists the migrations of the group is made too.
	Package string
}

// Files are the migration, and in Go the list of the group where it has none.
func (m Migration) Files() ([]File, error) {
	_, name, _ := strings.Cut(m.ID, "_")
	of := values{
		Set: m.Set, NamesSet: !m.Only, Group: m.Group, ID: m.ID, Name: name, Schema: m.Schema,
		Package: m.Package, Func: FuncName(m.ID),
	}
	if of.Package == "" {
		of.Package = PackageName(m.Group)
	}
	text, err := render("next."+string(m.Format), of)
	if err != nil {
		return nil, err
	}
	files := []File{{Path: filepath.Join(m.Dir, m.ID+"."+string(m.Format)), Text: text}}
	if m.Format == Go && m.Package == "" {
		group, err := render("group.go", of)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: filepath.Join(m.Dir, "group.go"), Text: group})
	}
	return files, nil
}

// values are what templates name, as {{.Set}}.
type values struct {
	Cluster, Set, Group, ID, Name, Schema string
	Package, Func, Program, Module        string
	Import, Alias                         string
	NamesSet                              bool
}

// render fills a template in. It is not text/template: with that in a program the
// linker keeps every method of every type, 9 MB of those that nothing calls.
func render(name string, of values) (string, error) {
	text, err := templates.ReadFile("templates/" + name + ".tmpl")
	if err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	filled := of.replacer().Replace(string(text))
	if _, unknown, found := strings.Cut(filled, "{{."); found {
		return "", fmt.Errorf("template %s: nothing is known of {{.%.20s", name, unknown)
	}
	if !strings.HasSuffix(name, ".go") {
		return filled, nil
	}
	formatted, err := format.Source([]byte(filled))
	if err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	return string(formatted), nil
}

func (v values) replacer() *strings.Replacer {
	schemaLine, storageSet, importAlias := "", "", ""
	if v.Schema != "" {
		schemaLine = "# yaml-language-server: $schema=" + v.Schema + "\n"
	}
	if v.NamesSet {
		storageSet = " storage_set=" + v.Set
	}
	if v.Alias != "" {
		importAlias = v.Alias + " "
	}
	return strings.NewReplacer(
		"{{.Cluster}}", v.Cluster, "{{.Set}}", v.Set, "{{.Group}}", v.Group, "{{.ID}}", v.ID, "{{.Name}}", v.Name,
		"{{.Package}}", v.Package, "{{.Func}}", v.Func, "{{.Program}}", v.Program, "{{.Module}}", v.Module,
		"{{.Import}}", v.Import,
		// With all that belongs to them, or nothing.
		"{{.SchemaLine}}", schemaLine, "{{.StorageSet}}", storageSet, "{{.ImportAlias}}", importAlias,
	)
}

// PackageName is a Go package for a group.
func PackageName(group string) string {
	plain := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(group), "")
	if plain == "" || plain[0] >= '0' && plain[0] <= '9' || token.IsKeyword(plain) || plain == "main" {
		return "group" + plain
	}
	return plain
}

// FuncName is a Go function for a migration: m0002AddTraceId.
func FuncName(id string) string {
	var b strings.Builder
	b.WriteByte('m')
	for _, part := range regexp.MustCompile(`[A-Za-z0-9]+`).FindAllString(id, -1) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

package yamlnode

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	File         string
	Line, Column int // from 1; 0: the file as a whole
	Text         string
}

// At makes a Problem about a node of a file.
func At(file string, node *yaml.Node, text string) *Problem {
	return &Problem{File: file, Line: node.Line, Column: node.Column, Text: text}
}

func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Join makes one error of the problems of a file, in the order in which they
// stand there; nil if there are none.
func Join(problems []*Problem) error {
	sorted := slices.Clone(problems)
	slices.SortStableFunc(sorted, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	all := make([]error, len(sorted))
	for i, problem := range sorted {
		all[i] = problem
	}
	return errors.Join(all...)
}

// Document reads the one document of a file, without looking into it. An empty
// one is nil, and no problem.
func Document(file string, text []byte) (*yaml.Node, *Problem) {
	if !bytes.Contains(text, []byte("---")) && !bytes.Contains(text, []byte("...")) {
		return only(file, text)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root, second yaml.Node
	err := decoder.Decode(&root)
	if errors.Is(err, io.EOF) || err == nil && (len(root.Content) == 0 || IsNull(root.Content[0])) {
		return nil, nil
	}
	if err == nil {
		err = decoder.Decode(&second)
		if errors.Is(err, io.EOF) {
			return root.Content[0], nil
		}
	}
	if err == nil {
		return nil, At(file, &second, "a second document (---): the file must be one")
	}
	return nil, syntaxProblem(file, text, err)
}

// only is Document of a text that cannot have a second one: it is read where it is.
func only(file string, text []byte) (*yaml.Node, *Problem) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, syntaxProblem(file, text, err)
	}
	if len(root.Content) == 0 || IsNull(root.Content[0]) {
		return nil, nil
	}
	return root.Content[0], nil
}

// syntaxProblem makes "file:line:1: what" of "yaml: line 3: what".
func syntaxProblem(file string, text []byte, err error) *Problem {
	p := &Problem{File: file}
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	if match := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(what); match != nil {
		p.Line, _ = strconv.Atoi(match[1])
		p.Column, what = 1, what[len(match[0]):]
	}
	if name, ok := strings.CutPrefix(what, "unknown anchor '"); ok {
		// The parser repeats what follows the *, which may be a password.
		what = "an alias (*) without its anchor (&): a value that begins with * must be quoted"
		name, _, _ = strings.Cut(name, "'")
		p.Line, p.Column = position(text, bytes.Index(text, []byte("*"+name)))
	}
	if p.Line == 0 { // a character that YAML does not allow
		p.Line, p.Column = position(text, bytes.IndexFunc(text, func(r rune) bool {
			return r == utf8.RuneError || r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == 0x7f
		}))
	}
	p.Text = "not YAML: " + what
	return p
}

// position is the line and column of an offset, the first where there is none.
func position(text []byte, offset int) (line, column int) {
	before := text[:max(offset, 0)]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

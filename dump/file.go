package dump

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/skein-migrate/skein/migration/yamlfile"
)

// Name is the name of the file.
func (f File) Name() string { return f.Migration.ID + ".yaml" }

// Text is the file: the migration as YAML, below what has to be said of it.
func (f File) Text(from string) ([]byte, error) {
	body, err := yamlfile.Encode(f.Migration)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# By skein dump, from %s.\n", from)
	oneLine := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	for _, note := range f.LeftOut {
		fmt.Fprintf(&out, "# LEFT OUT of the dump: %s: %s.\n", oneLine(note.Name), oneLine(note.Text))
	}
	for _, note := range f.Notes {
		fmt.Fprintf(&out, "# Note: %s.\n", oneLine(note))
	}
	out.Write(body)
	return out.Bytes(), nil
}

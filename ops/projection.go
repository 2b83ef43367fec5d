package ops

import (
	"errors"
	"fmt"
	"strings"
)

// Projection is a table's rows kept a second time: in another order, or
// aggregated. Its query has no FROM.
//
//	ops.Projection{Name: "by_day", Query: "SELECT day, count() GROUP BY day"}
type Projection struct {
	Name  string `json:"name" yaml:"name"`
	Query string `json:"query,omitempty" yaml:"query,omitempty"` // without brackets
}

// sql renders the projection as CREATE TABLE takes it after PROJECTION and
// ALTER TABLE after ADD PROJECTION.
func (p Projection) sql() string { return Ident(p.Name) + " " + p.text() }

func (p Projection) text() string { return "(" + p.Query + ")" }

// is the condition that the table has the projection.
func (p Projection) is(t Table) PartIs {
	return PartIs{Table: t, Kind: PartProjection, Name: p.Name, Text: p.text()}
}

func (p Projection) check() error {
	switch {
	case p.Name == "":
		return errors.New("a projection has no name: set Name")
	case strings.TrimSpace(p.Query) == "":
		return fmt.Errorf("projection %s has no query: set Query, such as \"SELECT a, count() GROUP BY a\"", shown(p.Name))
	case strings.HasPrefix(strings.TrimSpace(p.Query), "("):
		return fmt.Errorf("projection %s has its query in brackets: leave them out", shown(p.Name))
	}
	return nil
}

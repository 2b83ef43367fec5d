package ops

import (
	"errors"
	"fmt"
	"strings"
)

// SecurityKind says with whose rights a view reads its tables.
type SecurityKind string

// The kinds of SQL SECURITY. A materialized view cannot be INVOKER.
const (
	SecurityDefiner SecurityKind = "DEFINER" // those of a stated user
	SecurityInvoker SecurityKind = "INVOKER" // those of who asks
	SecurityNone    SecurityKind = "NONE"    // none are needed
)

// ViewSecurity is the SQL SECURITY of a view. Without it the server's
// default_…_view_sql_security and default_view_definer decide.
type ViewSecurity struct {
	Kind    SecurityKind `json:"kind,omitempty" yaml:"kind,omitempty"`
	Definer string       `json:"definer,omitempty" yaml:"definer,omitempty"` // of DEFINER: a user
}

func (s *ViewSecurity) check() error {
	if s == nil {
		return nil
	}
	switch s.Kind {
	case SecurityDefiner:
		if s.Definer == "" {
			return errors.New("SQL SECURITY DEFINER needs the user: set Security.Definer")
		}
		return nil
	case SecurityInvoker, SecurityNone:
		if s.Definer != "" {
			return fmt.Errorf("SQL SECURITY %s has no definer: leave Security.Definer out", s.Kind)
		}
		return nil
	}
	return fmt.Errorf("unknown SQL SECURITY %q: set Security.Kind to DEFINER, INVOKER or NONE", s.Kind)
}

func (s *ViewSecurity) sql() string {
	if s == nil {
		return ""
	}
	if s.Kind == SecurityDefiner {
		return "DEFINER = " + Ident(s.Definer) + " SQL SECURITY DEFINER"
	}
	return "SQL SECURITY " + string(s.Kind)
}

// checkQuery refuses a view or a query of one without what each has.
func checkQuery(view Table, query string, reads []Table) error {
	if err := checkPlaceAndTables(view.Place, append([]Table{view}, placed(reads, view.Place)...)); err != nil {
		return err
	}
	if strings.TrimSpace(query) == "" {
		return errors.New("no query: set Query to a SELECT")
	}
	return nil
}

// columnList renders a list of columns in brackets; nothing for none.
func columnList(op Operation, env Env, columns []Column) (string, error) {
	if len(columns) == 0 {
		return "", nil
	}
	lines := make([]string, len(columns))
	for i, column := range columns {
		if err := supported(env, op, column); err != nil {
			return "", err
		}
		lines[i] = "    " + column.sql()
	}
	return "(\n" + strings.Join(lines, ",\n") + "\n)", nil
}

// clauseLines puts each clause that is there on a line of its own.
func clauseLines(clauses ...string) string { return joinSet("\n", clauses...) }

// joinSet joins those of the texts that are not empty.
func joinSet(separator string, texts ...string) string {
	var set []string
	for _, text := range texts {
		if text != "" {
			set = append(set, text)
		}
	}
	return strings.Join(set, separator)
}

// allowing turns on what older servers hold to be experimental, where they
// have a setting for it.
func allowing(env Env, setting string) []Setting {
	if !env.Settings[setting] {
		return nil
	}
	return []Setting{{Name: setting, Value: "1"}}
}

package sqlfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// Encode writes a migration as a SQL file that Parse reads as the same migration.
// Its operations have to be RunBlock. A Timeout, a comment inside of a statement
// and the like stay; comments around statements were never part of it.
func Encode(m migration.Migration) ([]byte, error) {
	var b strings.Builder
	if m.Blocking {
		b.WriteString("-- @blocking\n")
	}
	for _, d := range m.DependsOn {
		fmt.Fprintf(&b, "-- @depends-on %s\n", d)
	}
	for _, rule := range m.Allow {
		fmt.Fprintf(&b, "-- @allow %s\n", rule)
	}
	if m.Irreversible != "" {
		fmt.Fprintf(&b, "-- @irreversible %s\n", strconv.Quote(m.Irreversible))
	}
	for _, section := range []struct {
		marker     string
		operations []ops.Operation
	}{{upMarker, m.Forward}, {downMarker, m.Backward}} {
		b.WriteString(section.marker + "\n")
		for i, operation := range section.operations {
			block, ok := operation.(ops.RunBlock)
			if !ok {
				return nil, fmt.Errorf("write %s as SQL: operation %d is %s, only RunBlock is SQL", m.ID, i+1, ops.KindOf(operation))
			}
			if err := writeBlock(&b, block); err != nil {
				return nil, fmt.Errorf("write %s as SQL: operation %d: %w", m.ID, i+1, err)
			}
		}
	}
	return []byte(b.String()), nil
}

func writeBlock(b *strings.Builder, block ops.RunBlock) error {
	for _, line := range strings.Split(block.SQL, "\n") {
		trimmed := strings.TrimSpace(line)
		if _, begins := isStmt(line); begins || strings.HasPrefix(trimmed, "-- skein:") || strings.HasPrefix(trimmed, "-- migrator:") {
			return fmt.Errorf("its SQL has the line %q, which divides files: write it otherwise", trimmed)
		}
	}
	b.WriteString(stmtMarker + " target=" + strings.ToLower(string(block.Target)))
	if block.Scope != "" {
		b.WriteString(" scope=" + strings.ReplaceAll(string(block.Scope), "_", "-"))
	}
	fmt.Fprintf(b, " storage_set=%s", block.StorageSet)
	if block.Timeout != "" {
		b.WriteString(" timeout=" + block.Timeout)
	}
	b.WriteString("\n" + block.SQL + "\n\n")
	return nil
}

package validate_test

import (
	"fmt"
	"testing"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/validate"
)

// BenchmarkCheck is a registry as large as that of a big user: 100 pairs of
// tables of 40 columns, and 900 migrations over them.
func BenchmarkCheck(b *testing.B) {
	names := make([]string, 40)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	names[0] = "id"
	var all []migration.Migration
	for i := range 100 {
		table := fmt.Sprintf("t%d", i)
		all = append(all, makes(fmt.Sprintf("%04d", i), create(table, names...), over(table, names...)))
	}
	for i := range 900 {
		table, column := fmt.Sprintf("t%d", i%100), fmt.Sprintf("x%d", i/100)
		all = append(all, makes(fmt.Sprintf("%04d", i+100), add(local(table), column), add(dist("d_"+table), column)))
	}
	r, err := migration.NewRegistry(group(migration.System), group("g", all...))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if problems := validate.Check(r.Groups(), validate.Options{}); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

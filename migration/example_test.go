package migration_test

import (
	"fmt"
	"strings"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/state"
	"github.com/skein-migrate/skein/storageset"
)

func orders() migration.Group {
	return migration.Group{
		Name: "orders", DependsOn: []string{"customers"}, StorageSets: []storageset.Key{"shop"},
		Migrations: []migration.Migration{{ID: "0001_add_status", Forward: []ops.Operation{
			ops.AddColumn{Table: ops.LocalTable("shop", "orders_local"), Column: ops.Column{Name: "status", Type: "String"}},
			ops.AddColumn{Table: ops.DistributedTable("shop", "orders_dist"), Column: ops.Column{Name: "status", Type: "String"}},
		}}},
	}
}

func customers() migration.Group {
	return migration.Group{Name: "customers", Migrations: []migration.Migration{
		{ID: "0001_drop_phone", Irreversible: "the numbers are gone", Forward: []ops.Operation{
			ops.DropColumn{Table: ops.LocalTable("shop", "customers_local"), Name: "phone"},
		}},
	}}
}

// The registry puts groups in their order and derives what is left out: the way
// back is each operation's inverse, last first.
func ExampleNewRegistry() {
	registry, err := migration.NewRegistry(state.System(), orders(), customers())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, group := range registry.Groups() {
		fmt.Println(group.Name)
		if group.Name == migration.System {
			continue
		}
		for _, m := range group.Migrations {
			for _, operation := range m.Backward {
				fmt.Printf("  %s back: %s\n", m.ID, ops.Describe(operation))
			}
			if m.Irreversible != "" {
				fmt.Printf("  %s has no way back: %s\n", m.ID, m.Irreversible)
			}
		}
	}
	// Output:
	// system
	// customers
	//   0001_drop_phone has no way back: the numbers are gone
	// orders
	//   0001_add_status back: DropColumn orders_dist
	//   0001_add_status back: DropColumn orders_local
}

// All that is wrong comes at once.
func ExampleNewRegistry_refused() {
	wrong := orders()
	wrong.DependsOn = []string{"customer"}
	wrong.Migrations[0].Forward = append(wrong.Migrations[0].Forward,
		ops.DropColumn{Table: ops.LocalTable("billing", "orders_local"), Name: "state"})
	_, err := migration.NewRegistry(state.System(), wrong, customers())
	fmt.Println(err)
	// Output:
	// orders/0001_add_status operation 3 (DropColumn): storage set "billing" is not of group "orders" ([shop])
	// orders/0001_add_status: operation 3: DropColumn orders_local.state has no derived inverse: set Was to the column that it drops: give Backward, or say Irreversible: "why"
	// group "orders" depends on "customer", which does not exist
}

// A checksum is over what a migration does, not over how it is written or named.
func ExampleMigration_Checksum() {
	m := orders().Migrations[0]
	renamed, widened := m, m
	renamed.ID = "0007_add_status"
	widened.Forward = []ops.Operation{
		ops.AddColumn{Table: ops.LocalTable("shop", "orders_local"), Column: ops.Column{Name: "status", Type: "LowCardinality(String)"}},
	}
	sums := make([]string, 0, 3)
	for _, one := range []migration.Migration{m, renamed, widened} {
		sum, err := one.Checksum()
		if err != nil {
			fmt.Println(err)
			return
		}
		sums = append(sums, sum)
	}
	fmt.Println(len(sums[0]), sums[0] == sums[1], strings.EqualFold(sums[0], sums[2]))
	// Output:
	// 64 true false
}

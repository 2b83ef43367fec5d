package groups

import (
	"context"
	"errors"
	"strings"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// Transactions comes after Events. It has a reference table that every node
// holds whole, rows that a Go function puts there, and a blocking migration.
func Transactions() migration.Group {
	local := ops.LocalTable("transactions", "transactions_local")
	dist := ops.DistributedTable("transactions", "transactions_dist")
	currencies := ops.LocalTable("transactions", "currencies")
	return migration.Group{
		Name:      "transactions",
		Readiness: migration.Complete,
		DependsOn: []string{"events"},
		Migrations: []migration.Migration{
			{ID: "0001_create_transactions", Forward: []ops.Operation{
				ops.CreateTable{Table: local, Columns: transactionColumns(), Engine: ops.Engine{
					Kind: ops.MergeTree, PartitionBy: "toYYYYMM(timestamp)", OrderBy: "(project_id, timestamp)",
				}},
				ops.CreateTable{Table: dist, Columns: transactionColumns(), Engine: ops.Engine{
					Kind: ops.DistributedEngine, LocalTable: "transactions_local", ShardingKey: "cityHash64(transaction_id)",
				}},
			}},
			{ID: "0002_currencies", Forward: []ops.Operation{
				ops.CreateTable{Table: currencies, Columns: []ops.Column{
					{Name: "code", Type: "String"}, {Name: "digits", Type: "UInt8"},
				}, Engine: ops.Engine{Kind: ops.ReplacingMergeTree, OrderBy: "code", Unsharded: true}},
				ops.RunGo{
					Place: currencies.Place, Name: "fill_currencies", Version: 1,
					Func: fillCurrencies, Writes: []ops.Table{currencies}, Repeatable: true,
					Undo: &ops.RunGo{
						// The rows go with the table.
						Name: "leave_currencies", Version: 1,
						Func: func(context.Context, ops.DB) error { return nil },
					},
				},
			}},
			{ID: "0003_widen_duration", Blocking: true, Forward: []ops.Operation{
				ops.ModifyColumn{Table: local, Column: duration("UInt64"), Was: was(duration("UInt32"))},
				ops.ModifyColumn{Table: dist, Column: duration("UInt64"), Was: was(duration("UInt32"))},
			}},
		},
	}
}

func transactionColumns() []ops.Column {
	return []ops.Column{
		{Name: "project_id", Type: "UInt64"},
		{Name: "transaction_id", Type: "UUID"},
		{Name: "timestamp", Type: "DateTime"},
		duration("UInt32"),
		{Name: "amount", Type: "Decimal(18, 4)"},
		{Name: "currency", Type: "String", Expression: "'EUR'"},
	}
}

func duration(typ string) ops.Column { return ops.Column{Name: "duration_ms", Type: typ} }

func was(c ops.Column) *ops.Column { return &c }

// fillCurrencies writes to one node; replication takes the rows to the others.
func fillCurrencies(ctx context.Context, db ops.DB) error {
	nodes := db.Nodes()
	if len(nodes) == 0 {
		return errors.New("no node to write the currencies to")
	}
	rows := []string{"'EUR', 2", "'USD', 2", "'JPY', 0", "'BHD', 3"}
	return db.Exec(ctx, nodes[0], "INSERT INTO currencies (code, digits) SELECT "+
		strings.Join(rows, " UNION ALL SELECT "))
}

package conformance

import (
	"fmt"

	"github.com/skein-migrate/skein/ops"
)

// breakage is SQL that makes a condition false on a node, by hand.
func breakage(condition ops.Condition) string {
	switch c := condition.(type) {
	case ops.TableIs, ops.TableExists, ops.ViewIs:
		return "DROP TABLE " + c.OnTables()[0].SQL()
	case ops.DictionaryIs:
		return "DROP DICTIONARY " + c.Table.SQL()
	case ops.TableGone:
		return "CREATE TABLE " + c.Table.SQL() + " (x UInt8) ENGINE = Memory"
	case ops.TableRenamed:
		return "RENAME TABLE " + c.To.SQL() + " TO " + c.From.SQL()
	case ops.TablesExchanged:
		return "EXCHANGE TABLES " + c.A.SQL() + " AND " + c.B.SQL()
	case ops.ColumnIs:
		return breakColumn(c)
	case ops.ColumnGone:
		return "ALTER TABLE " + c.Table.SQL() + " ADD COLUMN " + ops.Ident(c.Name) + " UInt8"
	case ops.ColumnRenamed:
		return fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", c.Table.SQL(), ops.Ident(c.To), ops.Ident(c.From))
	case ops.PartIs:
		return breakPart(c)
	case ops.PartGone:
		return restorePart(c)
	case ops.ObjectIs:
		return dropObject(c.Object)
	case ops.ObjectGone:
		return makeObject(c.Object)
	}
	return ""
}

func breakColumn(c ops.ColumnIs) string {
	alter := "ALTER TABLE " + c.Table.SQL()
	name := ops.Ident(c.Column.Name)
	switch {
	case c.Added:
		return alter + " DROP COLUMN " + name
	case len(c.Without) > 0 && c.Without[0] == ops.PropertyComment:
		return alter + " COMMENT COLUMN " + name + " 'by hand'"
	case len(c.Without) > 0 && c.Without[0] == ops.PropertyCodec:
		return alter + " MODIFY COLUMN " + name + " CODEC(ZSTD(9))"
	case len(c.Without) > 0 && c.Without[0] == ops.PropertyTTL:
		return alter + " MODIFY COLUMN " + name + " TTL d + INTERVAL 9 YEAR"
	case len(c.Without) > 0:
		return alter + " MODIFY COLUMN " + name + " " + string(c.Without[0]) + " 9"
	case c.Column.Comment != "":
		return alter + " COMMENT COLUMN " + name + " 'by hand'"
	case c.Column.TTL != "":
		return alter + " MODIFY COLUMN " + name + " TTL d + INTERVAL 9 YEAR"
	case c.Column.Codec != "":
		return alter + " MODIFY COLUMN " + name + " CODEC(ZSTD(9))"
	case c.Column.Type == "":
		return alter + " MODIFY COLUMN " + name + " DEFAULT 9"
	}
	return alter + " MODIFY COLUMN " + name + " String"
}

func breakPart(c ops.PartIs) string {
	alter := "ALTER TABLE " + c.Table.SQL()
	switch c.Kind {
	case ops.PartTTL:
		return alter + " REMOVE TTL"
	case ops.PartSetting:
		return alter + " RESET SETTING " + ops.Ident(c.Name)
	case ops.PartSampleBy:
		return alter + " REMOVE SAMPLE BY"
	case ops.PartComment:
		return alter + " MODIFY COMMENT 'by hand'"
	case ops.PartOrderBy:
		return alter + " ADD COLUMN hand UInt8, MODIFY ORDER BY (id, hand)"
	}
	return fmt.Sprintf("%s DROP %s %s", alter, c.Kind, ops.Ident(c.Name))
}

func restorePart(c ops.PartGone) string {
	alter := "ALTER TABLE " + c.Table.SQL()
	switch c.Kind {
	case ops.PartTTL:
		return alter + " MODIFY TTL d + INTERVAL 90 YEAR"
	case ops.PartSetting:
		return alter + " MODIFY SETTING " + ops.Ident(c.Name) + " = 1"
	case ops.PartSampleBy:
		return alter + " MODIFY SAMPLE BY id"
	case ops.PartIndex:
		return alter + " ADD INDEX " + ops.Ident(c.Name) + " v TYPE minmax"
	case ops.PartProjection:
		return alter + " ADD PROJECTION " + ops.Ident(c.Name) + " (SELECT v ORDER BY v)"
	case ops.PartConstraint:
		return alter + " ADD CONSTRAINT " + ops.Ident(c.Name) + " CHECK 1"
	}
	return alter + " MODIFY COMMENT 'by hand'"
}

func dropObject(o ops.Object) string {
	switch o.Kind {
	case ops.ObjectDatabase:
		return "DROP DATABASE " + ops.Ident(o.Name)
	case ops.ObjectFunction:
		return "DROP FUNCTION " + ops.Ident(o.Name)
	case ops.ObjectNamedCollection:
		return "DROP NAMED COLLECTION " + ops.Ident(o.Name)
	}
	return ""
}

func makeObject(o ops.Object) string {
	switch o.Kind {
	case ops.ObjectDatabase:
		return "CREATE DATABASE " + ops.Ident(o.Name)
	case ops.ObjectFunction:
		return "CREATE FUNCTION " + ops.Ident(o.Name) + " AS x -> x"
	case ops.ObjectNamedCollection:
		return "CREATE NAMED COLLECTION " + ops.Ident(o.Name) + " AS a = 1"
	}
	return ""
}

package ops

import (
	"errors"
	"fmt"
	"strconv"
)

// sql renders the definition as CREATE TABLE and ALTER TABLE take it. The order
// of its clauses is the server's: 26.7 refuses COMMENT after TTL.
func (c Column) sql() string { return c.sqlAt(false, "") }

// sqlAt renders the definition with where it goes.
func (c Column) sqlAt(first bool, after string) string {
	at := position(first, after)
	if c.Kind == Ephemeral && c.Expression == "" && c.Comment == "" && c.Codec == "" && (c.TTL != "" || at != "") {
		// 26.7 reads the word behind a bare EPHEMERAL as its expression: FIRST, AFTER, TTL.
		c.Expression = "defaultValueOfTypeName(" + String(c.Type) + ")"
	}
	sql := appendIdent(make([]byte, 0, usualText), c.Name)
	for _, word := range []string{c.Type, string(c.defaultKind()), c.Expression} {
		if word != "" {
			sql = append(append(sql, ' '), word...)
		}
	}
	if c.Comment != "" {
		sql = appendQuoted(append(sql, " COMMENT "...), c.Comment, '\'')
	}
	if c.Codec != "" {
		sql = append(append(append(sql, " CODEC("...), c.Codec...), ')')
	}
	if c.TTL != "" {
		sql = append(append(sql, " TTL "...), c.TTL...)
	}
	return string(append(sql, at...))
}

func (c Column) defaultKind() DefaultKind {
	if c.Kind == "" && c.Expression != "" {
		return Default
	}
	return c.Kind
}

// supported refuses a column's definition with clauses that the nodes lack.
//
// 18.16 takes COMMENT and does harm with it: ADD and MODIFY COLUMN drop it
// silently, CREATE of a Replicated table fails (122) with its ZooKeeper path
// already made, and COMMENT COLUMN on one loses columns added before.
func supported[O Operation](env Env, op O, c Column) error {
	return errors.Join(
		need(env, op, FeatureEphemeral, c.Kind == Ephemeral),
		need(env, op, FeatureColumnComment, c.Comment != ""),
		need(env, op, FeatureCodec, c.Codec != ""),
		need(env, op, FeatureTableTTL, c.TTL != ""),
	)
}

// check refuses what no server takes. A modified column may leave its type out.
func (c Column) check(typeRequired bool) error {
	if c.Name == "" {
		return errors.New("a column has no name: set Name")
	}
	if c.Type == "" && typeRequired {
		return fmt.Errorf("column %s has no type: set Type, such as \"UInt64\"", shown(c.Name))
	}
	switch c.Kind {
	case "", Ephemeral:
	case Default, Materialized, Alias:
		if c.Expression == "" {
			return fmt.Errorf("column %s is %s of nothing: set Expression", shown(c.Name), c.Kind)
		}
	default:
		return fmt.Errorf("column %s has the unknown kind %q: set DEFAULT, MATERIALIZED, ALIAS or EPHEMERAL",
			shown(c.Name), c.Kind)
	}
	return nil
}

// checkColumns checks each of the columns and that no name comes twice.
func checkColumns(columns []Column) error {
	seen := make(map[string]bool, len(columns))
	for _, column := range columns {
		if err := column.check(true); err != nil {
			return err
		}
		if seen[column.Name] {
			return fmt.Errorf("column %s is there twice: drop or rename one", shown(column.Name))
		}
		seen[column.Name] = true
	}
	return nil
}

// sql renders the index as CREATE TABLE takes it after INDEX and ALTER TABLE
// after ADD INDEX.
func (i Index) sql() string {
	return Ident(i.Name) + " " + i.text()
}

func (i Index) text() string {
	return i.Expression + " TYPE " + i.Type + " GRANULARITY " + strconv.Itoa(max(i.Granularity, 1))
}

// is the condition that the table has the index.
func (i Index) is(t Table) PartIs {
	return PartIs{Table: t, Kind: PartIndex, Name: i.Name, Text: i.text()}
}

func (i Index) check() error {
	switch {
	case i.Name == "":
		return errors.New("an index has no name: set Name")
	case i.Expression == "":
		return fmt.Errorf("index %s has no expression: set Expression, such as a column", shown(i.Name))
	case i.Type == "":
		return fmt.Errorf("index %s has no type: set Type, such as \"minmax\"", shown(i.Name))
	case i.Granularity < 0:
		return fmt.Errorf("index %s has the granularity %d: set 1 or more", shown(i.Name), i.Granularity)
	}
	return nil
}

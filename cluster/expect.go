package cluster

import (
	"context"
	"fmt"
	"slices"

	"github.com/skein-migrate/skein/ops"
)

// expected is what the server makes of what a condition states.
type expected struct {
	// columns as a table of them would have; known is false where the server
	// would not say, and only existence is compared.
	columns []columnState
	known   bool
	// text is the part, query or definition that a condition states, as the server
	// writes it; formatted is false where it is still as the author wrote it.
	text      string
	formatted bool
	// path is where the table meets its replicas in ZooKeeper, with the node's
	// own macros; empty: not compared.
	path string
}

// expect asks one node what it makes of a condition.
func (c *Cluster) expect(ctx context.Context, node string, condition ops.Condition, state nodeState, settings []ops.Setting) (expected, error) {
	switch condition := condition.(type) {
	case ops.TableIs, ops.ColumnIs:
		want, err := c.probe(ctx, node, condition, state, settings)
		if err != nil {
			return want, err
		}
		return want, c.expectTTLs(ctx, node, condition, &want)
	case ops.PartIs:
		if condition.Text == "" {
			return expected{}, nil
		}
		create := skeleton(condition)
		text, formatted, err := c.format(ctx, node, create)
		part := takeApart(text).parts[partKey{condition.Kind, condition.Name}]
		return expected{text: part, formatted: formatted}, err
	case ops.ViewIs:
		return c.expectText(ctx, node, condition.Create)
	case ops.DictionaryIs:
		return c.expectText(ctx, node, condition.Create)
	case ops.ObjectIs:
		return c.expectText(ctx, node, condition.Create)
	}
	return expected{}, nil
}

// expectTTLs fills in the TTLs of columns: a table that could probe them would
// need all that they name.
func (c *Cluster) expectTTLs(ctx context.Context, node string, condition ops.Condition, want *expected) error {
	stated := []ops.Column{}
	switch condition := condition.(type) {
	case ops.TableIs:
		stated = condition.Columns
	case ops.ColumnIs:
		stated = append(stated, condition.Column)
	}
	for _, column := range stated {
		at := slices.IndexFunc(want.columns, func(c columnState) bool { return c.name == column.Name })
		if column.TTL == "" || at < 0 {
			continue
		}
		text, formatted, err := c.format(ctx, node, "CREATE TABLE t (c UInt8 TTL "+column.TTL+") ENGINE = MergeTree ORDER BY tuple()")
		if err != nil {
			return err
		}
		if formatted {
			want.columns[at].ttl = columnTTL(takeApart(text).columns["c"])
		}
	}
	return nil
}

func (c *Cluster) expectText(ctx context.Context, node, create string) (expected, error) {
	text, formatted, err := c.format(ctx, node, create)
	return expected{text: text, formatted: formatted}, err
}

// format has a server write a statement in its own form. Where it cannot, the
// text comes back as it is: the statement itself will say what is wrong with it.
func (c *Cluster) format(ctx context.Context, node, sql string) (text string, formatted bool, err error) {
	facts, err := c.node(ctx, node)
	if err != nil || sql == "" {
		return sql, false, err
	}
	if since, known := Since()[ops.FeatureFormatQuery]; !known || facts.Version.Less(since) {
		return sql, false, nil
	}
	rows, err := c.Query(ctx, node, "SELECT formatQuerySingleLine("+ops.String(sql)+")")
	if hasAnswer(err) {
		return sql, false, nil
	}
	if err != nil || len(rows) == 0 {
		return sql, false, err
	}
	return rows[0][0], true, nil
}

// skeleton is the least CREATE TABLE that has the part of a condition.
func skeleton(part ops.PartIs) string {
	const engine = ") ENGINE = MergeTree"
	switch part.Kind {
	case ops.PartIndex, ops.PartProjection, ops.PartConstraint:
		keyword := map[ops.PartKind]string{
			ops.PartIndex: "INDEX", ops.PartProjection: "PROJECTION", ops.PartConstraint: "CONSTRAINT",
		}[part.Kind]
		return fmt.Sprintf("CREATE TABLE t (c UInt8, %s %s %s%s ORDER BY c", keyword, ops.Ident(part.Name), part.Text, engine)
	case ops.PartSetting:
		value := ops.Setting{Name: part.Name, Value: part.Text}
		return "CREATE TABLE t (c UInt8" + engine + " ORDER BY c SETTINGS " + value.SQL()
	case ops.PartComment:
		return "CREATE TABLE t (c UInt8" + engine + " ORDER BY c COMMENT " + ops.String(part.Text)
	case ops.PartOrderBy:
		return "CREATE TABLE t (c UInt8" + engine + " ORDER BY " + part.Text
	default:
		return fmt.Sprintf("CREATE TABLE t (c UInt8%s ORDER BY c %s %s", engine, part.Kind, part.Text)
	}
}

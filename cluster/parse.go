package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// parseTogether is how many statements are parsed with one query.
const parseTogether = 200

// Parse says of each text what the parser of one of the cluster's nodes finds wrong
// with it; empty: nothing. Where no node has formatQuery or EXPLAIN AST, nothing is.
func (s *Set) Parse(ctx context.Context, cluster string, texts []string) ([]string, error) {
	c, err := s.Cluster(ctx, cluster)
	if err != nil {
		return nil, err
	}
	return c.parse(ctx, texts)
}

func (c *Cluster) parse(ctx context.Context, texts []string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	wrong := make([]string, len(texts))
	node, formats, err := c.parser(ctx)
	if err != nil || node == "" {
		return wrong, err
	}
	for from := 0; from < len(texts); from += parseTogether {
		some := texts[from:min(from+parseTogether, len(texts))]
		bad, err := c.unparsed(ctx, node, formats, some)
		if err != nil {
			return nil, err
		}
		for _, i := range bad {
			if wrong[from+i], err = c.parseOne(ctx, node, formats, some[i]); err != nil {
				return nil, err
			}
		}
	}
	return wrong, nil
}

// parser is a node that can parse without running: by formatQuery, if one has it,
// or else by EXPLAIN AST. An empty name: none can.
func (c *Cluster) parser(ctx context.Context) (node string, formats bool, err error) {
	for _, way := range []struct {
		formats bool
		since   ops.Version
	}{{true, Since()[ops.FeatureFormatQuery]}, {false, explainsSince()}} {
		for _, node := range c.All() {
			facts, err := c.node(ctx, node.Name())
			if err != nil {
				return "", false, err
			}
			if !facts.Version.Less(way.since) {
				return node.Name(), way.formats, nil
			}
		}
	}
	return "", false, nil
}

// unparsed lists the texts that have to be looked at one by one: all of them where
// the server has no function that answers NULL (formatQueryOrNull is 23.11).
func (c *Cluster) unparsed(ctx context.Context, node string, formats bool, texts []string) ([]int, error) {
	all := make([]int, len(texts))
	list := make([]string, len(texts))
	size := 0
	for i, text := range texts {
		all[i], list[i] = i, ops.String(text)
		size += len(list[i])
	}
	if !formats {
		return all, nil
	}
	rows, err := c.pool(node).Rows(ctx, parseQuery("SELECT arrayJoin(arrayMap(x -> toString(isNull(formatQuerySingleLineOrNull(x))), ["+
		strings.Join(list, ", ")+"]))", size))
	if hasAnswer(err) {
		return all, nil
	}
	if err != nil || len(rows) != len(texts) {
		return all, err
	}
	var bad []int
	for i, row := range rows {
		if row[0] != "0" {
			bad = append(bad, i)
		}
	}
	return bad, nil
}

// parseOne is what a server says of a statement that it cannot read.
func (c *Cluster) parseOne(ctx context.Context, node string, formats bool, text string) (string, error) {
	sql := "EXPLAIN AST " + text
	if formats {
		sql = "SELECT formatQuerySingleLine(" + ops.String(text) + ")"
	}
	_, err := c.pool(node).Rows(ctx, parseQuery(sql, len(text)))
	if err == nil {
		return "", nil
	}
	if !hasAnswer(err) {
		return "", fmt.Errorf("parse a statement: %w", err)
	}
	var answer *journal.NodeError
	if errors.As(err, &answer) && answer.Code != codeSyntax {
		return "", nil // of what it would do with it, not of how it is written
	}
	why := oneLine(unwrapNode(err))
	why, _, _ = strings.Cut(why, ": In scope SELECT formatQuery")
	why, _, _ = strings.Cut(why, ". Expected one of:")
	return c.secrets.Redact(strings.TrimRight(why, ". ")), nil
}

// parseQuery lifts the limit on the length of what is parsed: INSERT with its rows
// has none when it is run.
func parseQuery(sql string, size int) wire.Query {
	limit := fmt.Sprint(4*size + 1<<20)
	return wire.Query{SQL: sql, Settings: []ops.Setting{{Name: "max_query_size", Value: limit}}}
}

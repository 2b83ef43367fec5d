package testcluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
)

// cleanLimit is how long a node may refuse to drop its databases: after ZooKeeper
// was away, Replicated tables stay read-only for about eight seconds.
const cleanLimit = 3 * time.Minute

// Clean makes the servers as they were after Start, for the next test: all run,
// the distributed DDL queue is worked off, the cluster's database is empty, no
// other database, SQL function or named collection is there, and neither are /skein and
// /clickhouse/tables in ZooKeeper. The DDL queue itself stays, and so would users
// made by SQL. About 0.3 s.
func (c *Cluster) Clean(ctx context.Context) error {
	if err := c.revive(ctx); err != nil {
		return fmt.Errorf("bring the servers back: %w", err)
	}
	if c.Options.Engine == EngineCluster {
		// A node that was away still executes what it missed: not in the next test.
		if err := c.mendDDL(ctx); err != nil {
			return err
		}
	}
	if err := c.each(func(n *Node) error { return n.clean(ctx) }); err != nil {
		return err
	}
	if c.ZooKeeper == nil {
		return nil
	}
	return cleanZooKeeper(c.ZooKeeperAddr, "/clickhouse/tables", "/skein", "/keeper_map")
}

// revive thaws what is paused and starts what does not run, ZooKeeper first: a
// 18.16 node with Replicated tables does not start without it.
func (c *Cluster) revive(ctx context.Context) error {
	for _, p := range c.Processes() {
		if p.Paused() {
			if err := p.Continue(ctx); err != nil {
				return err
			}
		}
	}
	if c.ZooKeeper != nil {
		if err := c.ZooKeeper.Start(ctx); err != nil {
			return err
		}
	}
	return c.each(func(n *Node) error { return n.Start(ctx) })
}

// clean drops what tests have made on one node, and tries again while the node's
// session with ZooKeeper is not back.
func (n *Node) clean(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, cleanLimit, errors.New("the node stays as it is"))
	defer cancel()
	for {
		err := n.dropAll(ctx)
		if err == nil {
			return nil
		}
		if sleep(ctx, 200*time.Millisecond) != nil {
			return fmt.Errorf("clean %s: %w: %w", n.Name, context.Cause(ctx), err)
		}
	}
}

func (n *Node) dropAll(ctx context.Context) error {
	databases, err := n.column(ctx, "SELECT name FROM system.databases WHERE name NOT IN "+
		"('system', 'INFORMATION_SCHEMA', 'information_schema') AND engine != 'Overlay'")
	if err != nil {
		return err
	}
	version, err := n.column(ctx, "SELECT version()")
	if err != nil {
		return err
	}
	drop, create := "DROP DATABASE %s", "CREATE DATABASE %s"
	if majorVersion(version[0]) >= 20 {
		drop, create = drop+" SYNC", create+" ENGINE = Atomic"
		if err := n.dropObjects(ctx); err != nil {
			return err
		}
	}
	for _, db := range databases {
		if err := n.exec(ctx, fmt.Sprintf(drop, quote(db))); err != nil {
			return err
		}
	}
	// A DROP TABLE of 18.16 that meets a background task leaves the folder ("Directory
	// not empty", 1000), and no table of that name can be made (117).
	if err := os.RemoveAll(filepath.Join(n.DataDir(), "data", n.database)); err != nil {
		return err
	}
	return n.exec(ctx, fmt.Sprintf(create, quote(n.database)))
}

// dropObjects drops SQL functions and named collections.
func (n *Node) dropObjects(ctx context.Context) error {
	functions, err := n.functionNames()
	if err != nil {
		return err
	}
	collections, err := n.column(ctx, "SELECT name FROM system.named_collections")
	if err != nil {
		return err
	}
	for drop, names := range map[string][]string{"DROP FUNCTION IF EXISTS ": functions, "DROP NAMED COLLECTION IF EXISTS ": collections} {
		for _, name := range names {
			if err := n.exec(ctx, drop+quote(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// exec runs a statement without naming a database: it may be the one that goes.
func (n *Node) exec(ctx context.Context, sql string) error {
	_, err := n.query(ctx, sql, url.Values{"database": {"system"}})
	return err
}

// column is the first column of a query.
func (n *Node) column(ctx context.Context, sql string) ([]string, error) {
	rows, err := n.query(ctx, sql, url.Values{"database": {"system"}})
	if err != nil {
		return nil, err
	}
	var values []string
	for _, row := range rows {
		values = append(values, row[0])
	}
	return values, nil
}

func quote(identifier string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(identifier) + "`"
}

// cleanZooKeeper deletes paths with all that is below them.
func cleanZooKeeper(addr string, paths ...string) error {
	conn, _, err := zk.Connect([]string{addr}, 5*time.Second, zk.WithLogInfo(false))
	if err != nil {
		return fmt.Errorf("connect to ZooKeeper: %w", err)
	}
	defer conn.Close()
	for _, path := range paths {
		if err := deleteTree(conn, path); err != nil {
			return fmt.Errorf("delete %s in ZooKeeper: %w", path, err)
		}
	}
	return nil
}

func deleteTree(conn *zk.Conn, path string) error {
	children, _, err := conn.Children(path)
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := deleteTree(conn, path+"/"+child); err != nil {
			return err
		}
	}
	if err := conn.Delete(path, -1); !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	return nil
}

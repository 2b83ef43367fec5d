package zk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	zookeeper "github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/journal"
)

// lock is the znodes of one lock.
type lock struct{ root, key string }

func (l *Locker) lock(key string) lock { return lock{root: l.options.Root, key: key} }

func (l lock) path() string   { return path.Join(l.root, "locks", escape(l.key)) }
func (l lock) holder() string { return l.path() + "/holder" }
func (l lock) epoch() string  { return l.path() + "/epoch" }

// escape makes one znode name of any key, another one for another key.
func escape(key string) string {
	if strings.Trim(key, ".") == "" {
		return strings.ReplaceAll(key, ".", "%2E")
	}
	return url.PathEscape(key)
}

// node is what a znode holds.
type node struct {
	data []byte
	stat *zookeeper.Stat
}

func get(c *zookeeper.Conn, at string) (node, error) {
	data, stat, err := c.Get(at)
	return node{data, stat}, err
}

// watched is whether a znode exists, and a channel that tells of its end.
type watched struct {
	exists  bool
	changed <-chan zookeeper.Event
}

func watch(c *zookeeper.Conn, at string) (watched, error) {
	exists, _, changed, err := c.ExistsW(at)
	return watched{exists, changed}, err
}

// makeParents makes what is persistent, where it is not there.
func (s *session) makeParents(ctx context.Context, l lock) error {
	if _, err := call(ctx, s, func(c *zookeeper.Conn) (node, error) { return get(c, l.epoch()) }); err == nil {
		return nil
	}
	at := ""
	for part := range strings.SplitSeq(strings.Trim(l.path(), "/"), "/") {
		at += "/" + part
		if err := s.create(ctx, at, nil); err != nil {
			return err
		}
	}
	return s.create(ctx, l.epoch(), []byte("0"))
}

// create makes a persistent znode. One that is there already is left as it is.
func (s *session) create(ctx context.Context, at string, data []byte) error {
	_, err := call(ctx, s, func(c *zookeeper.Conn) (string, error) {
		// Asked for first: who may not write a parent may still use what is in it.
		if exists, _, err := c.Exists(at); exists || err != nil {
			return "", err
		}
		return c.Create(at, data, 0, s.acl)
	})
	if err != nil && !errors.Is(err, zookeeper.ErrNodeExists) {
		return fmt.Errorf("create %s: %w", at, err)
	}
	return nil
}

// holder reads who holds a lock, nil if nobody does.
func (s *session) holder(ctx context.Context, l lock) (*journal.Holder, error) {
	found, err := call(ctx, s, func(c *zookeeper.Conn) (node, error) { return get(c, l.holder()) })
	if errors.Is(err, zookeeper.ErrNoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var holder journal.Holder
	if json.Unmarshal(found.data, &holder) != nil {
		// Another tool's, or a later skein's: held all the same.
		holder = journal.Holder{RunID: "unknown", Command: fmt.Sprintf("unreadable holder in %s", l.holder())}
	}
	return &holder, nil
}

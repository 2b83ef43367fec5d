package zk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	zookeeper "github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/journal"
)

// Owner says which state table a lock is for. It is kept beside the lock, so
// that another project whose key is the same is told, instead of waiting for a
// run that is none of its business, or ending it.
type Owner struct {
	Cluster  string   `json:"cluster"` // as system.clusters names it
	Database string   `json:"database"`
	Nodes    []string `json:"nodes"` // host:port. Nodes come and go: one in common is enough to be the same
}

func (o Owner) String() string {
	return fmt.Sprintf("cluster %s, database %s (%s)", o.Cluster, o.Database, strings.Join(o.Nodes, ", "))
}

func (o Owner) same(other Owner) bool {
	return slices.ContainsFunc(o.Nodes, func(node string) bool { return slices.Contains(other.Nodes, node) })
}

// owner is where a lock says which state table it is for.
func (l lock) owner() string { return l.path() + "/state" }

// owned refuses a lock that is for another state table. Where none is named yet
// and write is set, it is ours from now on.
func (s *session) owned(ctx context.Context, l lock, write bool) error {
	ours := s.options.Owner
	if len(ours.Nodes) == 0 {
		return nil
	}
	found, err := call(ctx, s, func(c *zookeeper.Conn) (node, error) { return get(c, l.owner()) })
	if errors.Is(err, zookeeper.ErrNoNode) {
		if !write {
			return nil
		}
		text, err := json.Marshal(ours)
		if err != nil {
			return fmt.Errorf("write %s: %w", l.owner(), err)
		}
		if err := s.create(ctx, l.owner(), text); err != nil {
			return err
		}
		return s.owned(ctx, l, false) // another may have been quicker
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", l.owner(), err)
	}
	var theirs Owner
	if json.Unmarshal(found.data, &theirs) != nil {
		theirs = Owner{} // a later skein's: says nothing to us
	}
	if len(theirs.Nodes) == 0 {
		return nil
	}
	if !ours.same(theirs) {
		return journal.Refusef("the lock %s in ZooKeeper (%s) is another project's, nothing was changed\n"+
			"  it is for the state of %s\n  yours is the state of %s\n"+
			"Give one of the two projects another coordination.root in its skein.yaml.\n"+
			"If they are the same servers, all under new names: zkCli.sh -server %s delete %s",
			l.path(), strings.Join(s.options.Servers, ", "), theirs, ours, s.options.Servers[0], l.owner())
	}
	if write && !slices.Equal(ours.Nodes, theirs.Nodes) {
		return s.renewOwner(ctx, l, found)
	}
	return nil
}

// renewOwner names the nodes that there are now.
func (s *session) renewOwner(ctx context.Context, l lock, was node) error {
	text, err := json.Marshal(s.options.Owner)
	if err != nil {
		return fmt.Errorf("write %s: %w", l.owner(), err)
	}
	_, err = call(ctx, s, func(c *zookeeper.Conn) (struct{}, error) {
		_, err := c.Set(l.owner(), text, was.stat.Version)
		return struct{}{}, err
	})
	if err != nil && !errors.Is(err, zookeeper.ErrBadVersion) { // another run has done it
		return fmt.Errorf("write %s: %w", l.owner(), err)
	}
	return nil
}

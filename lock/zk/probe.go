package zk

import (
	"context"
	"fmt"
	"time"

	zookeeper "github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/journal"
)

// Health is how the servers of a lock answer from here.
type Health struct {
	Server  string          // the one that gave the session, host:port
	Latency time.Duration   // of one read, once there is a session
	Holder  *journal.Holder // who holds the lock; nil: nobody
}

// Probe opens a session as Acquire does, measures one read, and says who holds the
// lock. It writes nothing. Servers that give no session within SessionTimeout are an
// *UnreachableError.
func (l *Locker) Probe(ctx context.Context, key string) (Health, error) {
	s, err := open(ctx, l.options)
	if err != nil {
		return Health{}, err
	}
	defer s.close()
	began := time.Now()
	// Where nothing was ever locked it is not there, which is an answer too.
	if _, err := call(ctx, s, func(c *zookeeper.Conn) (bool, error) {
		exists, _, err := c.Exists(l.options.Root)
		return exists, err
	}); err != nil {
		return Health{}, fmt.Errorf("read %s: %w", l.options.Root, err)
	}
	h := Health{Server: s.conn.Server(), Latency: time.Since(began)}
	if err := s.owned(ctx, l.lock(key), false); err != nil {
		return h, err
	}
	if h.Holder, err = s.holder(ctx, l.lock(key)); err != nil {
		return h, fmt.Errorf("read the holder of lock %s: %w", key, err)
	}
	return h, nil
}

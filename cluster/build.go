package cluster

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"
)

// build is what comes with the program that a server runs, and so is the same on most
// nodes: a server has more than a thousand settings, and one node is asked for them. Nobody
// changes it.
type build struct {
	settings map[string]bool
	columns  map[string]map[string]bool // of system tables
}

// buildKey tells builds apart: by the version, and by sums of what they have.
type buildKey struct{ version, settings, columns string }

// ofSystemColumns are those that skein reads, or asks for only where they are there.
const ofSystemColumns = "FROM system.columns WHERE database = 'system' AND table IN " +
	"('columns', 'tables', 'replicas', 'mutations', 'user_directories', 'server_settings', 'disks')"

// buildSums gives a row for settings and one for columns: how many there are, and a sum that
// does not depend on their order.
const buildSums = "SELECT 'settings', toString(count()), toString(sum(cityHash64(name))) FROM system.settings" +
	unionAll + "SELECT 'columns', toString(count()), toString(sum(cityHash64(table, name))) " + ofSystemColumns

// builds are those that were read. The zero value is ready to use.
type builds struct {
	reading singleflight.Group

	mu    sync.Mutex
	known map[buildKey]*build
}

// buildOf is the build of a node. Of the nodes that have the same, one is asked.
func (c *Cluster) buildOf(ctx context.Context, node string, key buildKey) (*build, error) {
	if b := c.builds.get(key); b != nil {
		return b, nil
	}
	_, err, shared := c.builds.reading.Do(key.version+" "+key.settings+" "+key.columns, func() (any, error) {
		if c.builds.get(key) != nil {
			return nil, nil //nolint:nilnil // what is read is kept, not handed on
		}
		return nil, c.readBuild(ctx, node, key)
	})
	if err != nil && shared {
		// Another node's silence, perhaps, is not this one's.
		err = c.readBuild(ctx, node, key)
	}
	return c.builds.get(key), err
}

func (b *builds) get(key buildKey) *build {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known[key]
}

func (c *Cluster) readBuild(ctx context.Context, node string, key buildKey) error {
	rows, err := c.Query(ctx, node, "SELECT 'setting', name, '' FROM system.settings"+unionAll+"SELECT 'column', table, name "+ofSystemColumns)
	if err != nil {
		return err
	}
	b := &build{settings: map[string]bool{}, columns: map[string]map[string]bool{}}
	for _, row := range rows {
		if row[0] == "setting" {
			b.settings[row[1]] = true
			continue
		}
		if b.columns[row[1]] == nil {
			b.columns[row[1]] = map[string]bool{}
		}
		b.columns[row[1]][row[2]] = true
	}
	c.builds.mu.Lock()
	defer c.builds.mu.Unlock()
	if c.builds.known == nil {
		c.builds.known = map[buildKey]*build{}
	}
	c.builds.known[key] = b
	return nil
}

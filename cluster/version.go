package cluster

import "github.com/skein-migrate/skein/ops"

// Since says since which version ClickHouse has each feature. It is the one
// place where that is written.
func Since() map[ops.Feature]ops.Version {
	return map[ops.Feature]ops.Version{}
}

package testcluster

import (
	"errors"
	"fmt"
	"time"
)

// The engines that Options.Engine may name.
const (
	EngineCluster = "cluster"
	EngineModern  = "modern"
)

// Options says which servers to start. The zero value is a cluster of two shards
// with two replicas each.
type Options struct {
	// Engine is EngineCluster (the default) or EngineModern.
	Engine string `json:"engine"`
	// Dir is where configuration, data and logs go. Empty: a temporary directory,
	// which Stop removes.
	Dir string `json:"-"`
	// Shards and Replicas (of each shard) are for EngineCluster; 2 and 2 by default.
	Shards   int `json:"shards,omitempty"`
	Replicas int `json:"replicas,omitempty"`
	// QueryNodes is how many nodes, from the first on, skein_dist has; all by default.
	QueryNodes int `json:"query_nodes"`
	// Nodes is how many nodes EngineModern starts; 1 by default.
	Nodes int `json:"nodes,omitempty"`
	// SameReplicaNames gives the {replica} macros r1, r2 in each shard, so that they
	// are not unique over all shards. By default they are the nodes' names: s1r1.
	SameReplicaNames bool `json:"same_replica_names,omitempty"`
	// SharedStorage keeps the SQL functions and named collections of EngineModern's
	// nodes in ZooKeeper, one for all nodes.
	SharedStorage bool `json:"shared_storage,omitempty"`
	// QueryLog makes EngineModern's nodes keep system.query_log.
	QueryLog bool `json:"query_log,omitempty"`
	// MaxSizeToDrop, in bytes, is above what EngineModern's nodes drop no table and no
	// partition; their own default, 50 GB, if 0.
	MaxSizeToDrop int `json:"max_size_to_drop,omitempty"`
	// SessionTimeout is that of EngineCluster's sessions with ZooKeeper, 1 s at least:
	// how long a replica that was killed counts as active. 5 s if 0.
	SessionTimeout time.Duration `json:"session_timeout,omitempty"`
	// ZooKeeperVia gives the loopback port on which a node, by its name, is to look for
	// ZooKeeper, which serves at address: that of a proxy. Nil: ZooKeeper's own. It is
	// called while the servers' configuration is written, and again when a start is
	// tried anew.
	ZooKeeperVia func(node, address string) (port int, err error) `json:"-"`
	// NoZooKeeper starts EngineModern without one.
	NoZooKeeper bool `json:"no_zookeeper,omitempty"`
	// Detach lets the servers outlive this process, and writes cluster.json and
	// skein.yaml into Dir, which is then required. Otherwise they die with it.
	Detach bool `json:"detach,omitempty"`
	// ModernHost is the command that serves a modern node, to which chdb's flags are
	// appended. Empty: a small host program is built with the Go toolchain and kept
	// in the user's cache directory.
	ModernHost []string `json:"modern_host,omitempty"`
}

// withDefaults fills in what was left out and refuses what cannot be started.
func (o Options) withDefaults() (Options, error) {
	switch o.Engine {
	case "", EngineCluster:
		o.Engine = EngineCluster
		o.Nodes = 0
		o.Shards, o.Replicas = orDefault(o.Shards, 2), orDefault(o.Replicas, 2)
		if o.NoZooKeeper {
			return o, errors.New("the cluster engine cannot go without ZooKeeper")
		}
	case EngineModern:
		// Replicated tables do not work there: each node is a shard of its own.
		o.Nodes = orDefault(o.Nodes, 1)
		o.Shards, o.Replicas = 0, 0
	default:
		return o, fmt.Errorf("unknown engine %q: %s or %s", o.Engine, EngineCluster, EngineModern)
	}
	if o.Shards < 0 || o.Replicas < 0 || o.Nodes < 0 || o.QueryNodes < 0 {
		return o, errors.New("a number of shards, replicas or nodes is below zero")
	}
	o.QueryNodes = orDefault(o.QueryNodes, o.size())
	if o.QueryNodes > o.size() {
		return o, fmt.Errorf("%d query nodes asked for, but there are only %d nodes", o.QueryNodes, o.size())
	}
	if o.Detach && o.Dir == "" {
		return o, errors.New("servers that outlive the command need a directory")
	}
	return o, nil
}

// size is the number of ClickHouse nodes; for complete options only.
func (o Options) size() int {
	if o.Engine == EngineModern {
		return o.Nodes
	}
	return o.Shards * o.Replicas
}

// zooKeeper says whether these servers include one.
func (o Options) zooKeeper() bool { return !o.NoZooKeeper }

// singleNode says whether skein should be told that there is no cluster.
func (o Options) singleNode() bool { return o.Engine == EngineModern && o.Nodes == 1 }

// database is where tables go: a modern node's own default is not on disk.
func (o Options) database() string {
	if o.Engine == EngineModern {
		return "skein"
	}
	return "default"
}

// SameShape says whether servers started with o, which is complete, are what p asks
// for; p's defaults are filled in.
func (o Options) SameShape(p Options) (bool, error) {
	p, err := p.withDefaults()
	return err == nil && o.shape() == p.shape(), err
}

func (o Options) shape() string {
	shape := fmt.Sprintf("%d shards × %d replicas, %d query nodes", o.Shards, o.Replicas, o.QueryNodes)
	if o.Engine == EngineModern {
		shape = fmt.Sprintf("%d modern nodes", o.Nodes)
	}
	if o.QueryLog {
		shape += ", query log"
	}
	if o.SharedStorage {
		shape += ", shared storage"
	}
	if o.MaxSizeToDrop > 0 {
		shape += fmt.Sprintf(", %d bytes to drop", o.MaxSizeToDrop)
	}
	if o.SessionTimeout > 0 {
		shape += fmt.Sprintf(", sessions of %s", o.SessionTimeout)
	}
	if o.ZooKeeperVia != nil {
		shape += ", ZooKeeper through proxies"
	}
	if o.SameReplicaNames {
		shape += ", same replica names in each shard"
	}
	if o.NoZooKeeper {
		shape += ", no ZooKeeper"
	}
	return shape
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

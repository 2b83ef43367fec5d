package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// WithServers starts servers, has them measured and stops them, whatever happens.
func (r *Rig) WithServers(ctx context.Context, o testcluster.Options, do func(*testcluster.Cluster) error) (err error) {
	r.Logf("  starting servers")
	c, err := testcluster.Start(ctx, o)
	if err != nil {
		return fmt.Errorf("start the servers: %w", err)
	}
	defer func() { err = errors.Join(err, c.Stop(context.WithoutCancel(ctx))) }()
	return do(c)
}

// Modern is one node of ClickHouse 26.7 with ZooKeeper beside it, and with its query
// log, as a server has it unless that is turned off.
func Modern() testcluster.Options {
	return testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1, QueryLog: true}
}

// Lease changes the configuration of a Modern node to one that has no ZooKeeper: the
// lock is then a lease in tables of the node.
func Lease(c *testcluster.Cluster) (old, replacement string) {
	return `coordination: {zookeeper: ["` + c.ZooKeeperAddr + `"], root: /skein}`, "coordination: {lock: lease}"
}

// TwoByTwo is ClickHouse 18.16 with two shards of two replicas, and ZooKeeper.
func TwoByTwo() testcluster.Options {
	return testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}
}

// Project is a skein.yaml for servers, with one group, bench, of files.
type Project struct {
	Config string // the path of skein.yaml
	Files  string // the directory of the group
}

// Project makes a project for the servers. Changes are pairs of texts, old and new, as
// of strings.NewReplacer, in the skein.yaml that the servers come with.
func (r *Rig) Project(c *testcluster.Cluster, changes ...string) (Project, error) {
	dir, err := r.Dir("project")
	if err != nil {
		return Project{}, err
	}
	text, err := c.Config()
	if err != nil {
		return Project{}, fmt.Errorf("configure skein: %w", err)
	}
	p := Project{Config: filepath.Join(dir, "skein.yaml"), Files: filepath.Join(dir, "bench")}
	changed := strings.NewReplacer(changes...).Replace(string(text)) + "\ngroups:\n  - {name: bench, dir: bench, storage_sets: [events]}\n"
	if err := os.Mkdir(p.Files, 0o755); err != nil {
		return Project{}, err
	}
	return p, os.WriteFile(p.Config, []byte(changed), 0o600)
}

// Write writes a file of the group.
func (p Project) Write(name, text string) error { return Write(p.Files, name, text) }

// Write writes a file of that name into a directory.
func Write(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)
}

// Command is skein with arguments for this project.
func (p Project) Command(program string, args ...string) Process {
	return Process{Path: program, Args: append([]string{"--config", p.Config}, args...)}
}

package cli

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/state"
	"github.com/skein-migrate/skein/storageset"
)

// wired is a coordinator with what it was made of.
type wired struct {
	*coordinator.Coordinator
	config   *config.Config
	registry *migration.Registry
	lock     *lock
	clusters *cluster.Set
	store    *state.Store
}

// known reads the configuration and the migrations.
func (a *app) known(cmd *cobra.Command) (*config.Config, *migration.Registry, error) {
	cfg, err := config.Load(config.Options{Flags: cmd.Flags()})
	if err != nil {
		return nil, nil, err
	}
	registry, err := a.registry(cfg)
	return cfg, registry, err
}

// wire reads the configuration and joins the packages. Every error of a
// configuration comes before a server is asked anything.
func (a *app) wire(cmd *cobra.Command) (*wired, error) { return a.wireWith(cmd, nil) }

// wireWith is wire for a command that says of which groups it is about that this
// program has to have.
func (a *app) wireWith(cmd *cobra.Command, groups []string) (*wired, error) {
	cfg, registry, err := a.known(cmd)
	if err != nil {
		return nil, err
	}
	for _, name := range groups {
		if _, err := registry.Group(name); err != nil {
			return nil, &journal.UsageError{Err: err}
		}
	}
	return a.join(cmd, cfg, registry)
}

// wireFor is wire for a command that selects migrations.
func (a *app) wireFor(cmd *cobra.Command, s selection, args []string) (*wired, coordinator.Request, error) {
	request, err := s.request(args)
	if err != nil {
		return nil, request, err
	}
	known := s.groups
	if s.back {
		known = nil // its rows are asked
	}
	w, err := a.wireWith(cmd, known)
	return w, request, err
}

// join makes a coordinator for a configuration and migrations.
func (a *app) join(cmd *cobra.Command, cfg *config.Config, registry *migration.Registry) (*wired, error) {
	ctx := cmd.Context()
	if err := cfg.CheckStorageSets(registry.StorageSets()); err != nil {
		return nil, err
	}
	clusters, err := a.clusters(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := a.checkWithout(ctx, clusters, cfg); err != nil {
		return nil, err
	}
	home, err := cfg.StorageSets().Cluster(storageset.Migrations)
	if err != nil {
		return nil, &journal.UsageError{Err: err}
	}
	stateCluster, err := clusters.Cluster(ctx, home)
	if err != nil {
		return nil, err
	}
	store := state.New(stateCluster, state.Options{
		Database: stateCluster.Database(), Cluster: stateCluster.LocalCluster(), SingleNode: stateCluster.SingleNode(),
		LeftOut: stateCluster.LeftOut(ops.Local), NodeConcurrency: stateCluster.NodeConcurrency(),
		Unknown:  cluster.IsQuorumUnknown,
		TryAgain: cluster.MayTryAgain,
		// A row lasts no longer than what it announces may: limits.wait, one minute at most.
		WriteLimit: min(stateCluster.WaitLimit(), time.Minute),
		Waiting: func(reason string, since, limit time.Duration) {
			a.events(journal.Waiting{Reason: reason, Since: since, Limit: limit})
		},
	})
	lock, err := a.lock(ctx, cfg, stateCluster)
	if err != nil {
		return nil, err
	}
	trail := store.Recorder(a.holder.RunID)
	options := coordinator.Options{
		Registry: registry, Sets: cfg.StorageSets(), Servers: clusters, Observer: clusters, Sizer: clusters, Comparer: clusters, Paths: clusters,
		Definer: clusters, Parser: clusters, Rehearser: clusters, Health: clusters, States: store, Rows: store, Without: a.without, Cautions: a.cautions(store),
		Locker: locker{lock: lock, wait: a.lockWait, events: func(event journal.Event) {
			trail.Record(event) // what is waited for before there is a run
			a.events(event)
		}},
		Trail:  func(string) coordinator.Trail { return trail },
		Trails: store,
		Holder: a.holder, Command: a.commandLine(),
		Events: func(event journal.Event) {
			if _, held := event.(journal.LockAcquired); held {
				a.changing.Store(true)
			}
			a.events(event)
		},
		Stop: a.program.Stop,
		WaitLimit: func(name string) time.Duration {
			c, err := cfg.Cluster(name)
			if err != nil {
				return 0 // every step is of a configured cluster
			}
			return c.Limits.Wait
		},
		Unlocked: cfg.Coordination.Lock == config.LockNone,
	}
	if a.program.Ports != nil {
		options = a.program.Ports(options)
	}
	return &wired{Coordinator: coordinator.New(options), config: cfg, registry: registry, lock: lock, clusters: clusters, store: store}, nil
}

func (a *app) clusters(ctx context.Context, cfg *config.Config) (*cluster.Set, error) {
	options := make([]cluster.Options, 0, len(cfg.Clusters))
	secrets := make(map[string]func(context.Context) (string, error), len(cfg.Secrets))
	for name, secret := range cfg.Secrets {
		secrets[name] = secret.Resolve
	}
	for _, c := range cfg.Clusters {
		password, err := c.Password.Resolve(ctx)
		if err != nil {
			return nil, cfg.Errorf(c.Key("password"), "%v", err)
		}
		o := cluster.Options{
			Name: c.Name, Hosts: c.Hosts, LocalCluster: c.ClusterName, DistCluster: c.DistributedClusterName,
			SingleNode: c.SingleNode, Database: c.Database, User: c.User, Password: password,
			Address: a.dialled(cfg, c, password), Direct: c.DDL == config.Direct, Without: a.without,
			UnshardedReplica: c.UnshardedReplica, Paths: c.Paths, NodeConcurrency: c.NodeConcurrency,
			ConnectRetries: c.Connect.Retries, ConnectInterval: c.Connect.Interval, ConnectTimeout: c.Connect.Timeout,
			DDLTimeout: c.Limits.DDL, WaitLimit: c.Limits.Wait, MutationLimit: c.Limits.Mutation, DDLQueue: c.DDLQueuePath, Logger: zap.NewNop(),
			Secrets: secrets, Variables: cfg.Variables(), Events: a.printer().event,
			Where: func(field string) string { return cfg.Where(c.Key(field)) },
		}
		if c.TLS != nil {
			if o.TLS, err = c.TLS.Load(); err != nil {
				return nil, cfg.Errorf(c.Key("tls"), "%v", err)
			}
		}
		options = append(options, o)
	}
	set := cluster.NewSet(options...)
	a.closers = append(a.closers, set.Close)
	return set, nil
}

// lockKey names what the lock is for: the state table, by its ZooKeeper path,
// or by its server where it has none.
func lockKey(ctx context.Context, c *cluster.Cluster) (string, error) {
	if !c.SingleNode() {
		return "/clickhouse/tables/" + string(storageset.Migrations) + "/" + c.Database() + "/migrations_local", nil
	}
	node := c.Nodes(ops.Local)[0].Name()
	rows, err := c.Query(ctx, node, "SELECT hostName(), toString(tcpPort())")
	if err != nil {
		return "", fmt.Errorf("name the lock: %w", err)
	}
	return rows[0][0] + ":" + rows[0][1] + "/" + c.Database(), nil
}

func holder(cmd *cobra.Command) journal.Holder {
	h := journal.Holder{RunID: ulid.Make().String(), PID: os.Getpid(), Since: time.Now(), Command: cmd.CommandPath()}
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	}
	if name, err := os.Hostname(); err == nil {
		h.Host = name
	}
	return h
}

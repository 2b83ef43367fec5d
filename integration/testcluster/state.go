package testcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNoCluster is Attach's answer about a directory in which nothing was started,
// or everything was stopped.
var ErrNoCluster = errors.New("no cluster was started here")

// state is all that Attach needs; PIDs are in each server's own PID file.
type state struct {
	Options       Options            `json:"options"`
	ZooKeeperPort int                `json:"zookeeper_port,omitempty"`
	Nodes         []nodeState        `json:"nodes"`
	Commands      map[string]command `json:"commands"`
}

type nodeState struct {
	nodeDescription
	InterserverPort int `json:"interserver_port,omitempty"`
}

// description is cluster.json, which scripts rely on.
type description struct {
	Engine    string            `json:"engine"`
	ZooKeeper string            `json:"zookeeper"` // host:port, or empty
	Nodes     []nodeDescription `json:"nodes"`
}

type nodeDescription struct {
	Name     string `json:"name"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	HTTPPort int    `json:"http_port"`
	PID      int    `json:"pid"`
	Shard    int    `json:"shard"`
	Replica  int    `json:"replica"`
}

func (n *Node) describe() nodeDescription {
	return nodeDescription{
		Name: n.Name, Host: n.Host, Port: n.Port, HTTPPort: n.HTTPPort,
		PID: n.identity().PID, Shard: n.Shard, Replica: n.Replica,
	}
}

func stateFile(dir string) string   { return filepath.Join(serversDir(dir), "state.json") }
func describedIn(dir string) string { return filepath.Join(dir, "cluster.json") }
func configIn(dir string) string    { return filepath.Join(dir, "skein.yaml") }

func (c *Cluster) saveState() error {
	s := state{Options: c.Options, ZooKeeperPort: c.zooKeeperPort(), Commands: map[string]command{}}
	for _, n := range c.Nodes {
		s.Nodes = append(s.Nodes, nodeState{n.describe(), n.InterserverPort})
	}
	for _, p := range c.Processes() {
		s.Commands[p.Name] = p.command
	}
	return writeJSON(stateFile(c.Dir), s)
}

// Attach gives the handles on servers that another process started in dir, whether
// they still run or not; ErrNoCluster when there are none. What it starts again
// outlives this process if the first start did.
func Attach(dir string) (*Cluster, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	var s state
	b, err := os.ReadFile(stateFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoCluster)
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return nil, fmt.Errorf("read the state of a cluster: %w", err)
	}
	c := &Cluster{Dir: dir, Options: s.Options, Database: s.Options.database(), ports: &ports{}}
	if !s.Options.Detach {
		c.leash = newLeash()
	}
	if s.ZooKeeperPort != 0 {
		c.addZooKeeper(s.ZooKeeperPort)
	}
	for _, n := range s.Nodes {
		c.addNode(&Node{
			Process: &Process{Name: n.Name, started: c.afterStart()},
			Port:    n.Port, HTTPPort: n.HTTPPort, InterserverPort: n.InterserverPort,
			Shard: n.Shard, Replica: n.Replica,
		})
	}
	return c, c.adopt(s.Commands)
}

// adopt gives each handle its command and, if it was not stopped, its process.
func (c *Cluster) adopt(commands map[string]command) error {
	for _, p := range c.Processes() {
		p.command = commands[p.Name]
		id, err := readIdentity(p.pidFile())
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		p.id = id
	}
	return nil
}

// afterStart keeps cluster.json right when a server gets another PID.
func (c *Cluster) afterStart() func() error {
	if !c.Options.Detach {
		return nil
	}
	return c.writeDescription
}

// writeDescription writes cluster.json and skein.yaml. Several servers may start
// at once: the last one to come here sees all of their PIDs.
func (c *Cluster) writeDescription() error {
	c.describing.Lock()
	defer c.describing.Unlock()
	d := description{Engine: c.Options.Engine, ZooKeeper: c.ZooKeeperAddr}
	for _, n := range c.Nodes {
		d.Nodes = append(d.Nodes, n.describe())
	}
	if err := writeJSON(describedIn(c.Dir), d); err != nil {
		return err
	}
	config, err := c.Config()
	if err != nil {
		return err
	}
	return writeFile(configIn(c.Dir), config)
}

// Config is a skein.yaml for exactly these servers: one cluster, "dev", with the
// storage sets migrations, events and transactions.
func (c *Cluster) Config() ([]byte, error) {
	return render("skein.yaml.tmpl", map[string]any{
		"Nodes":      c.Nodes,
		"SingleNode": c.Options.singleNode(),
		"DDLDirect":  c.Options.Engine == EngineModern && !c.Options.singleNode(),
		"Database":   c.Database,
		"ZooKeeper":  c.ZooKeeperAddr,
	})
}

// removeWritten deletes what Start put into a directory that is not ours.
func removeWritten(dir string) error {
	return errors.Join(
		os.RemoveAll(serversDir(dir)),
		removeFile(describedIn(dir)),
		removeFile(configIn(dir)),
	)
}

func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(b, '\n'))
}

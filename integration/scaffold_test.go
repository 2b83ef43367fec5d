package integration

import (
	"bytes"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// inProject runs the stock program in the working directory, as a user would.
func inProject(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cli.Program{Args: args, Stdout: &stdout, Stderr: &stderr}.Run(t.Context())
	t.Logf("$ skein %s\n%s%s(exit %d)", strings.Join(args, " "), stdout.String(), stderr.String(), code)
	if code != 0 {
		t.Fatalf("skein %s: exit %d", strings.Join(args, " "), code)
	}
	return result{Code: code, Stdout: stdout.String(), Stderr: stderr.String()}
}

// fresh is an empty directory in which skein.yaml finds its servers by variables alone.
func fresh(t *testing.T, c *testcluster.Cluster) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("SKEIN_CLUSTERS_EVENTS_HOSTS", c.Nodes[0].Addr())
	if len(c.Nodes) == 1 {
		t.Setenv("SKEIN_CLUSTERS_EVENTS_DATABASE", query(t, c.Nodes[0], "SELECT currentDatabase()")[0][0])
	}
}

// What init and new write runs as it is, there and back.
func TestAProjectRunsUnedited(t *testing.T) {
	for _, format := range []string{"sql", "yaml"} {
		t.Run(format, func(t *testing.T) {
			c := servers.modern.Cluster(t)
			fresh(t, c)
			inProject(t, "init", "--single-node", "--format", format)
			inProject(t, "new", "events", "next")
			inProject(t, "new", "events", "again", "--timestamp")
			inProject(t, "plan")
			inProject(t, "migrate")
			running.Says(t, inProject(t, "list").Stdout, "[X] 0001_create_events", "[X] 0002_next", "4 completed")
			if have := query(t, c.Nodes[0], "SELECT count() FROM events_local"); have[0][0] != "0" {
				t.Errorf("rows: %v", have)
			}
			inProject(t, "rollback", "--group", "events", "3", "--force")
			running.Says(t, inProject(t, "list").Stdout, "[ ] 0001_create_events")
		})
	}
}

// The same in Go: a program of its own, made without any network.
func TestAGoProjectRunsUnedited(t *testing.T) {
	c := servers.modern.Cluster(t)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	fresh(t, c)
	inProject(t, "init", "--single-node", "--format", "go", "--module", "example.com/shop")
	inProject(t, "new", "events", "next")
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("go.sum", sums, 0o600); err != nil {
		t.Fatal(err)
	}
	// To read its whole graph takes files of modules that skein is built without.
	list := osexec.Command("go", "list", "-m", "all")
	list.Dir = root
	if out, err := list.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOPROXY", "off")
	for _, line := range []string{
		"go mod edit -require=github.com/skein-migrate/skein@v0.0.0 -replace=github.com/skein-migrate/skein=" + root,
		"go build -o shop .", "./shop plan", "./shop migrate", "./shop list", "./shop rollback --group events 2 --force",
	} {
		words := strings.Fields(line)
		out, err := osexec.Command(words[0], words[1:]...).CombinedOutput()
		t.Logf("$ %s\n%s", line, out)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if line == "./shop list" {
			running.Says(t, string(out), "[X] 0001_create_events", "[X] 0002_next")
		}
	}
}

// And on a cluster of two shards with two replicas, where names are all that is edited.
func TestAProjectRunsOnACluster(t *testing.T) {
	c := servers.cluster.Cluster(t)
	fresh(t, c)
	t.Setenv("SKEIN_COORDINATION_ZOOKEEPER", c.ZooKeeperAddr)
	for i, format := range []string{"sql", "yaml"} {
		dir := filepath.Join(t.TempDir(), format)
		inProject(t, "init", dir, "--format", format)
		t.Chdir(dir)
		text, err := os.ReadFile("skein.yaml")
		if err != nil {
			t.Fatal(err)
		}
		edited := strings.Replace(string(text), "cluster_name: events", "cluster_name: skein_local", 1)
		if err := os.WriteFile("skein.yaml", []byte(edited), 0o600); err != nil {
			t.Fatal(err)
		}
		inProject(t, "new", "events", "next")
		inProject(t, "migrate")
		for _, n := range c.Nodes {
			if have := query(t, n, "SELECT count() FROM events_dist"); have[0][0] != "0" {
				t.Errorf("%s: rows: %v", n.Name, have)
			}
		}
		inProject(t, "verify")
		inProject(t, "rollback", "--group", "events", "2", "--force")
		if i == 0 {
			continue
		}
		running.Says(t, inProject(t, "list").Stdout, "[ ] 0001_create_events")
	}
}

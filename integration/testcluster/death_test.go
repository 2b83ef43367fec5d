package testcluster

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// victimVariable makes this test binary a test run that gets killed: it starts
// servers, prints their identities and waits.
const victimVariable = "SKEIN_TESTCLUSTER_VICTIM"

type victim struct {
	Dir     string
	Servers []identity
}

func startAndWaitForDeath() {
	c, err := Start(context.Background(), Options{Shards: 1, Replicas: 1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	v := victim{Dir: c.Dir}
	for _, p := range c.Processes() {
		v.Servers = append(v.Servers, p.identity())
	}
	_ = json.NewEncoder(os.Stdout).Encode(v)
	select {} // it has servers to look after, until kill -9
}

func TestServersDieWithAKilledTestBinaryAndItsFilesGoNext(t *testing.T) {
	servers.Cluster(t) // for its gate
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err, cmd.Start())
	var v victim
	line, err := bufio.NewReader(out).ReadBytes('\n')
	check(t, err, json.Unmarshal(line, &v))
	if len(v.Servers) != 2 || !v.Servers[0].alive() || !v.Servers[1].alive() {
		t.Fatalf("servers that should run: %+v", v)
	}

	check(t, cmd.Process.Kill())
	_ = cmd.Wait()
	for _, id := range v.Servers {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := waitGone(ctx, id); err != nil {
			t.Errorf("process %d outlived the test binary that started it", id.PID)
		}
		cancel()
	}

	check(t, stopLeftovers(t.Context(), Options{}))
	if _, err := os.Stat(v.Dir); !os.IsNotExist(err) {
		t.Errorf("the dead run's directory after the next start: %v", err)
	}
	if _, err := os.Stat(servers.cluster.Dir); err != nil {
		t.Errorf("the living run's directory: %v", err)
	}
}

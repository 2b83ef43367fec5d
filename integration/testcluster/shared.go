package testcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
)

// The variables that integration tests look at.
const (
	// gateVariable unset: tests skip where the servers are not installed; "1": they
	// fail there; "0": they always skip.
	gateVariable = "SKEIN_INTEGRATION"
	// keptVariable names the directory of servers that devcluster keeps running: they
	// are used where they have the shape that a test asks for, and left running.
	keptVariable = "SKEIN_TESTCLUSTER_DIR"
)

// Shared is one cluster for all tests of a package. It starts with the first test
// that asks. The zero value is ready to use; Main must be told of it.
//
// Tests that use it cannot run in parallel with each other.
type Shared struct {
	Options Options

	mu      sync.Mutex
	cluster *Cluster
	kept    bool // it was running before and is left running
	err     error
}

// Cluster is the running cluster, cleaned. The test is skipped, or fails, where
// the servers are not installed (SKEIN_INTEGRATION), and fails when they do not
// start. When it fails later on, the ends of the servers' logs are printed.
func (s *Shared) Cluster(t *testing.T) *Cluster {
	t.Helper()
	gate := os.Getenv(gateVariable)
	if gate == "0" {
		t.Skipf("%s=0", gateVariable)
	}
	c, started, err := s.get(t.Context())
	var missing *MissingError
	if errors.As(err, &missing) && gate != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !started || s.kept {
		if err := c.Clean(t.Context()); err != nil {
			t.Fatalf("%v\n%s", err, c.Logs(failureLines))
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.Complaints())
		}
	})
	return c
}

// get starts the cluster if this is the first call; an error is final.
func (s *Shared) get(ctx context.Context) (c *Cluster, started bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster != nil || s.err != nil {
		return s.cluster, false, s.err
	}
	if s.cluster, s.err = s.attachKept(); s.cluster != nil || s.err != nil {
		s.kept = true
		return s.cluster, true, s.err
	}
	s.cluster, s.err = Start(context.WithoutCancel(ctx), s.Options)
	return s.cluster, true, s.err
}

// attachKept finds the kept servers, nil if they are not of the shape asked for.
func (s *Shared) attachKept() (*Cluster, error) {
	dir := os.Getenv(keptVariable)
	if dir == "" {
		return nil, nil
	}
	c, err := Attach(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keptVariable, err)
	}
	if same, err := c.Options.SameShape(s.Options); err != nil || !same {
		return nil, err
	}
	return c, nil
}

func (s *Shared) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil || s.kept {
		return nil
	}
	return s.cluster.Stop(context.Background())
}

// Servers is a Shared or a Pool.
type Servers interface{ stop() error }

// Main runs a package's tests and stops its clusters, also on SIGINT and SIGTERM;
// it returns the exit code. A test binary that ends in any other way takes its
// servers with it, and the next run deletes their files.
func Main(m *testing.M, shared ...Servers) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		if err := stopAll(shared); err != nil {
			fmt.Fprintln(os.Stderr, "testcluster:", err)
		}
		os.Exit(130)
	}()
	code := m.Run()
	if err := stopAll(shared); err != nil {
		fmt.Fprintln(os.Stderr, "testcluster:", err)
		code = max(code, 1)
	}
	return code
}

func stopAll(shared []Servers) error {
	var errs []error
	for _, s := range shared {
		errs = append(errs, s.stop())
	}
	return errors.Join(errs...)
}

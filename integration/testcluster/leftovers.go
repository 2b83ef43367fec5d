package testcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// runsDir holds the temporary directories of this user's test runs.
func runsDir() string {
	return filepath.Join(os.TempDir(), "skein-testcluster-"+strconv.Itoa(os.Getuid()))
}

// makeRunDir makes a directory that says whose it is, so that a later run can tell
// a leftover from one in use.
func makeRunDir() (string, error) {
	if err := os.MkdirAll(runsDir(), 0o755); err != nil {
		return "", err
	}
	owner, err := identify(os.Getpid())
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(runsDir(), "run-*")
	if err != nil {
		return "", err
	}
	return dir, owner.write(ownerFile(dir))
}

func ownerFile(dir string) string { return filepath.Join(dir, "owner.json") }

// stopLeftovers stops what crashed test runs left, by their PID files, and what is
// left in o.Dir. Servers that were detached on purpose are an error instead.
func stopLeftovers(ctx context.Context, o Options) error {
	if o.Dir != "" {
		return stopLeftIn(ctx, o.Dir)
	}
	dirs, err := filepath.Glob(filepath.Join(runsDir(), "run-*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if !abandoned(dir) {
			continue
		}
		if err := errors.Join(stopLeftIn(ctx, dir), os.RemoveAll(dir)); err != nil {
			return fmt.Errorf("clean up after an earlier test run: %w", err)
		}
	}
	return nil
}

// abandoned says whether the test run that made dir has ended. A directory without
// an owner may be one that is being made.
func abandoned(dir string) bool {
	owner, err := readIdentity(ownerFile(dir))
	if err == nil {
		return !owner.alive()
	}
	info, err := os.Stat(dir)
	return err == nil && time.Since(info.ModTime()) > time.Minute
}

func stopLeftIn(ctx context.Context, dir string) error {
	c, err := Attach(dir)
	if errors.Is(err, ErrNoCluster) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.Options.Detach && c.Running() > 0 {
		return fmt.Errorf("servers are running in %s: stop them first", c.Dir)
	}
	return c.Stop(ctx)
}

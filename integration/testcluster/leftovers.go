package testcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// memoryDisk is a file system in memory on Linux. Servers of 2018 make and delete
// so many small files that ext4's search for a free inode took a fifth of the CPU
// of a test run.
const (
	memoryDisk = "/dev/shm"
	memoryRoom = 4 << 30 // bytes free; containers often have 64 MiB
)

// runsDir holds the temporary directories of this user's test runs: in memory where
// there is room, unless TMPDIR says where.
func runsDir() string {
	var disk syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(memoryDisk, &disk) == nil && disk.Bavail*uint64(disk.Bsize) >= memoryRoom {
		return runsIn(memoryDisk)
	}
	return runsIn(os.TempDir())
}

func runsIn(parent string) string {
	return filepath.Join(parent, "skein-testcluster-"+strconv.Itoa(os.Getuid()))
}

// makeRunDir makes a directory that says whose it is, so that a later run can tell
// a leftover from one in use.
func makeRunDir() (string, error) {
	parent := runsDir()
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	owner, err := identify(os.Getpid())
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(parent, "run-*")
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
	var dirs []string
	for _, parent := range []string{memoryDisk, os.TempDir()} {
		found, err := filepath.Glob(filepath.Join(runsIn(parent), "run-*"))
		if err != nil {
			return err
		}
		dirs = append(dirs, found...)
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

package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"

	"github.com/skein-migrate/skein/cli"
)

// ProfiledSkein is the role in which this program is skein under the profiler: the
// file to write, how many times to run the command, and the command's arguments.
const ProfiledSkein = "skein-bench-profiled"

// Profile runs a command of skein's, a number of times in one process, and writes where
// its processor time goes to NAME.pprof.txt. What it waits for is not in it.
func (r *Rig) Profile(ctx context.Context, name string, times int, skein Process) error {
	dir, err := r.Dir("profile")
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "cpu.pprof")
	child, err := Self(ProfiledSkein, append([]string{file, strconv.Itoa(times)}, skein.Args...)...)
	if err != nil {
		return err
	}
	child.Env = []string{"GOGC=400"} // as cli.Main has it
	if _, err := child.Run(ctx); err != nil {
		return fmt.Errorf("profile %s: %w", name, err)
	}
	return r.Top(ctx, name, file)
}

// Top writes the top of a CPU profile to NAME.pprof.txt.
func (r *Rig) Top(ctx context.Context, name, file string) error {
	top, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-cum", "-nodecount=80", file).Output()
	if err != nil {
		return fmt.Errorf("read the profile of %s: %w", name, err)
	}
	path := filepath.Join(r.Results, name+".pprof.txt")
	r.Logf("  profile: %s", path)
	return os.WriteFile(path, top, 0o644)
}

// ProfiledSkeinMain is this program in the role ProfiledSkein.
func ProfiledSkeinMain(args []string) error {
	times, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return UnderProfiler(args[0], func() error {
		for range times {
			program := cli.Program{Args: args[2:], Stdout: io.Discard, Stderr: os.Stderr}
			if code := program.Main(); code != 0 {
				return fmt.Errorf("skein ended with exit code %d", code)
			}
		}
		return nil
	})
}

// UnderProfiler does something and writes a CPU profile of it to a file.
func UnderProfiler(file string, do func() error) (err error) {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return do()
}

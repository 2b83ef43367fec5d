package work

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"

	"github.com/skein-migrate/skein/cli"
)

// ProfileVariable names the file that a CPU profile is written to, if it is set.
const ProfileVariable = "SKEIN_BENCH_PROFILE"

// HeapVariable names the file that a profile of allocated memory is written to, if it is set.
const HeapVariable = "SKEIN_BENCH_HEAP"

// Main is skein with the group, and the command "discover FILE". It returns the exit code.
func Main() int {
	code := 0
	if err := errors.Join(profiled(func() { code = run() }), reportMemory()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func run() int {
	if len(os.Args) != 3 || os.Args[1] != "discover" {
		return cli.Main(Group())
	}
	if err := Discover(context.Background(), os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// profiled runs f and writes the profiles that are asked for.
func profiled(f func()) error {
	if name := os.Getenv(ProfileVariable); name != "" {
		file, err := os.Create(name)
		if err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return errors.Join(fmt.Errorf("profile: %w", err), file.Close())
		}
		defer pprof.StopCPUProfile()
	}
	f()
	name := os.Getenv(HeapVariable)
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}

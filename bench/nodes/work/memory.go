package work

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// MemoryVariable names the file into which the process writes, at its end, the most memory
// that it had resident, in bytes.
const MemoryVariable = "SKEIN_BENCH_MEMORY"

// reportMemory writes the file, if it is asked for.
func reportMemory() error {
	name := os.Getenv(MemoryVariable)
	if name == "" {
		return nil
	}
	most, err := peak()
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(strconv.FormatInt(most, 10)), 0o600)
}

// peak is the most memory that was resident. What Linux tells the parent (ru_maxrss) is no
// less than what the parent had itself when it began the process, as that shares its memory
// up to its exec: a parent with a thousand servers in it would count as skein.
func peak() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if errors.Is(err, os.ErrNotExist) {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			return 0, fmt.Errorf("memory of this process: %w", err)
		}
		if runtime.GOOS == "darwin" {
			return usage.Maxrss, nil
		}
		return usage.Maxrss * 1024, nil
	}
	if err != nil {
		return 0, fmt.Errorf("memory of this process: %w", err)
	}
	for line := range bytes.Lines(status) {
		if value, is := bytes.CutPrefix(line, []byte("VmHWM:")); is {
			kilobytes, err := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB"))), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("memory of this process: %w", err)
			}
			return kilobytes * 1024, nil
		}
	}
	return 0, errors.New("memory of this process: /proc/self/status has no VmHWM")
}

package rig

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Process is a program with its arguments.
type Process struct {
	Path string
	Name string // what the program is told to be called; Path if empty
	Args []string
	Env  []string // beside that of this process, from which what is skein's is taken out
}

// Ended is what a process took.
type Ended struct {
	Wall, CPU time.Duration
	PeakMB    float64
	Stdout    string
}

// Run runs the process to its end, which has to be a good one.
func (p Process) Run(ctx context.Context) (Ended, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.Path, p.Args...)
	if p.Name != "" {
		cmd.Args[0] = p.Name
	}
	cmd.Env = append(withoutSkeins(os.Environ()), p.Env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	ended := Ended{Wall: time.Since(began), Stdout: stdout.String()}
	if err != nil {
		return ended, fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(cmd.Args[0]), strings.Join(p.Args, " "), err, end(stdout.String()), end(stderr.String()))
	}
	ended.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		ended.PeakMB = float64(usage.Maxrss) / 1024 // Linux counts in KiB
	}
	return ended, nil
}

// end is the last part of what a program printed: there it says why it stopped.
func end(text string) string {
	const longest = 1500
	if len(text) <= longest {
		return text
	}
	return "…" + strings.ToValidUTF8(text[len(text)-longest:], "")
}

// withoutSkeins leaves out what would change skein's configuration.
func withoutSkeins(environment []string) []string {
	var out []string
	for _, variable := range environment {
		if !strings.HasPrefix(variable, "SKEIN_") {
			out = append(out, variable)
		}
	}
	return out
}

// Self is this very program in another role: its main, and that of its tests, looks at
// the name by which it was called.
func Self(role string, args ...string) (Process, error) {
	path, err := os.Executable()
	if err != nil {
		return Process{}, fmt.Errorf("find this program: %w", err)
	}
	return Process{Path: path, Name: role, Args: args}, nil
}

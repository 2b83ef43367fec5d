package faults

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/coordinator"
)

// faultVariable makes the test binary a skein that strikes itself.
const faultVariable = "SKEIN_TEST_FAULT"

// fault is when and how a skein strikes itself.
type fault struct {
	Suffix string // of the tables of its migrations
	Tenant bool   // see newTenant
	Rounds int    // how many migrations the group race has; 0: there is none
	// At is the call, from 1; 0: never.
	At     int
	Strike strike
	// Calls is a file to which the names of the calls are written as they come.
	Calls string
}

type strike string

const (
	kill      strike = "SIGKILL"
	interrupt strike = "SIGINT"
	twice     strike = "SIGINT twice"
)

// victim is the main function of a skein that strikes itself.
func victim(text string) int {
	var f fault
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	migrations := groups(f.Suffix)
	if f.Tenant {
		migrations = tenantGroups(f.Suffix)
	}
	if f.Rounds > 0 {
		migrations = append(migrations, racing(f.Suffix, f.Rounds))
	}
	program := cli.Program{
		Groups: migrations, Args: os.Args[1:], Stdin: strings.NewReader(""), Stdout: os.Stdout, Stderr: os.Stderr,
		Ports: func(o coordinator.Options) coordinator.Options { return gated(o, f.gate()) },
	}
	return program.Main()
}

// gate counts calls and strikes at one of them.
func (f fault) gate() gate {
	var mu sync.Mutex
	n := 0
	return func(call string) {
		mu.Lock()
		defer mu.Unlock()
		n++
		if f.Calls != "" {
			note(f.Calls, call)
		}
		if n == f.At {
			f.strike()
		}
	}
}

func (f fault) strike() {
	switch f.Strike {
	case kill:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // nothing more is done until it has come
	case twice:
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
		time.Sleep(20 * time.Millisecond) // two of one kind at once are one
		fallthrough
	case interrupt:
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
		time.Sleep(20 * time.Millisecond) // the runtime hands it on
	}
}

func note(path, line string) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Fprintln(file, line)
	if err := file.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

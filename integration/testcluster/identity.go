package testcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// identity names a process so that a later one with the same number is not taken
// for it. It is what a PID file holds.
type identity struct {
	PID       int    `json:"pid"`
	StartTime uint64 `json:"start_time"` // clock ticks after boot, /proc/PID/stat field 22
	BootID    string `json:"boot_id"`
}

// errGone is the answer about a process that has ended.
var errGone = errors.New("process is gone")

func identify(pid int) (identity, error) {
	stat, err := procStat(pid)
	if err != nil {
		return identity{}, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return identity{}, fmt.Errorf("read the boot ID: %w", err)
	}
	return identity{PID: pid, StartTime: stat.start, BootID: strings.TrimSpace(string(boot))}, nil
}

// alive is false for a zombie too, which nobody may be there to reap. A killed
// process whose first thread is a zombie still holds its ports until the others
// have ended: it counts as alive.
func (id identity) alive() bool {
	stat := id.stat()
	return stat.state != 0 && stat.state != 'X' && (stat.state != 'Z' || stat.threads > 1)
}

// stopped is true between SIGSTOP and SIGCONT.
func (id identity) stopped() bool { return id.stat().state == 'T' }

// stat is what the kernel says about this very process; zero when it is gone.
func (id identity) stat() stat {
	if id.PID == 0 {
		return stat{}
	}
	if now, err := identify(id.PID); err != nil || now != id {
		return stat{}
	}
	s, err := procStat(id.PID)
	if err != nil {
		return stat{}
	}
	return s
}

// signal sends sig to this very process. os.FindProcess holds a pidfd, so the
// number cannot change hands between the check and the signal.
func (id identity) signal(sig os.Signal) error {
	if id.PID == 0 {
		return errGone
	}
	p, err := os.FindProcess(id.PID)
	if err != nil {
		return fmt.Errorf("find process %d: %w", id.PID, err)
	}
	defer func() { _ = p.Release() }()
	if !id.alive() {
		return errGone
	}
	err = p.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return errGone
	}
	return err
}

func (id identity) write(path string) error {
	b, err := json.Marshal(id)
	if err != nil {
		return err
	}
	return writeFile(path, b)
}

func readIdentity(path string) (identity, error) {
	var id identity
	b, err := os.ReadFile(path)
	if err != nil {
		return id, err
	}
	if err := json.Unmarshal(b, &id); err != nil {
		return id, fmt.Errorf("read PID file %s: %w", path, err)
	}
	return id, nil
}

// stat is a part of /proc/PID/stat.
type stat struct {
	state   byte // a letter: R, S, T for stopped, Z for a zombie…
	threads int
	start   uint64 // clock ticks after boot
}

func procStat(pid int) (stat, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, errGone
	}
	return parseStat(string(b))
}

// parseStat counts the fields from the second one's last bracket on: that field is
// the command's name, in which there may be spaces and brackets.
func parseStat(line string) (stat, error) {
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) < 20 {
		return stat{}, fmt.Errorf("unexpected content of /proc/PID/stat: %q", line)
	}
	threads, err := strconv.Atoi(fields[17])
	if err != nil {
		return stat{}, fmt.Errorf("threads in /proc/PID/stat: %w", err)
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return stat{}, fmt.Errorf("start time in /proc/PID/stat: %w", err)
	}
	return stat{state: fields[0][0], threads: threads, start: start}, nil
}

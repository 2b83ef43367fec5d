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
	_, start, err := procStat(pid)
	if err != nil {
		return identity{}, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return identity{}, fmt.Errorf("read the boot ID: %w", err)
	}
	return identity{PID: pid, StartTime: start, BootID: strings.TrimSpace(string(boot))}, nil
}

// alive is false for a zombie too: nobody may be there to reap an orphan.
func (id identity) alive() bool {
	state := id.state()
	return state != 0 && state != 'Z' && state != 'X'
}

// state is the letter of /proc/PID/stat, 0 when there is no such process any more.
func (id identity) state() byte {
	if id.PID == 0 {
		return 0
	}
	now, err := identify(id.PID)
	if err != nil || now != id {
		return 0
	}
	state, _, err := procStat(id.PID)
	if err != nil {
		return 0
	}
	return state
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

// procStat reads a process's state letter and start time. The second field, the
// command's name, may hold spaces and brackets: fields count from its last one.
func procStat(pid int) (state byte, start uint64, err error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0, errGone
	}
	return parseStat(string(b))
}

func parseStat(stat string) (state byte, start uint64, err error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0, 0, fmt.Errorf("unexpected content of /proc/PID/stat: %q", stat)
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return fields[0][0], start, err
}

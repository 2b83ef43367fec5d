package testcluster

import (
	"os"
	"path/filepath"
	"strings"
)

// writeFile replaces path as a whole, so that a reader never sees half of it.
func writeFile(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// lastLines reads at most n lines from the end of a file, looking at its last
// 256 KiB; a log is only ever quoted.
func lastLines(path string, n int) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // only read
	const most = 256 << 10
	var from int64
	if info, err := f.Stat(); err == nil && info.Size() > most {
		from = info.Size() - most
	}
	b := make([]byte, most)
	read, _ := f.ReadAt(b, from)
	lines := strings.Split(strings.TrimRight(string(b[:read]), "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}

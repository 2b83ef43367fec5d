package migration

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// File is what the name of a migration's file says: 0002_add_trace_id.yaml, or
// 20261120101500_add_trace_id.sql.
type File struct {
	// ID is the name without its ending, and the ID of the migration.
	ID string
	// Number is what the ID begins with, a sequential number or a timestamp, by
	// which the files of a group are ordered: 9_x comes before 10_y.
	Number uint64
}

// ParseFileName reads the name of a file, which may have a directory before it.
// The error says what a name must be like.
func ParseFileName(name string) (File, error) {
	base := path.Base(name)
	id := strings.TrimSuffix(base, path.Ext(base))
	number, ok := Number(id)
	if !ok || !isID(id) {
		return File{}, fmt.Errorf("the file's name is no <id>_<name>: begin it with a number or a timestamp, "+
			"such as 0001_create_events%s, and use letters, digits, and _ . -", path.Ext(base))
	}
	return File{ID: id, Number: number}, nil
}

// Number is the sequential number or the timestamp that an ID such as
// 0002_add_trace_id begins with. IDs of Go migrations need none.
func Number(id string) (uint64, bool) {
	digits, name, _ := strings.Cut(id, "_")
	if name == "" || name[0] == '_' {
		return 0, false
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, err == nil
}

// CompareFiles orders files by their numbers, for slices.SortFunc.
func CompareFiles(a, b File) int {
	return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID))
}

// SameNumber finds files that share a number, each with the one before it, in
// the order of the numbers: which of them comes first nobody could say.
func SameNumber(files []File) [][2]File {
	var same [][2]File
	sorted := slices.SortedFunc(slices.Values(files), CompareFiles)
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Number == sorted[i-1].Number {
			same = append(same, [2]File{sorted[i-1], sorted[i]})
		}
	}
	return same
}

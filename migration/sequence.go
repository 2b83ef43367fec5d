package migration

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Merge puts migrations of several sources, such as the SQL files and the YAML
// files of one directory, into one order: that of their numbers. Two of one number
// are an error; so are a missing number, where sequential is set, and an ID that
// begins with none. All that is wrong comes in one error.
func Merge(sequential bool, lists ...[]Migration) ([]Migration, error) {
	byID := map[string]Migration{}
	var files []File
	var problems []error
	for _, m := range slices.Concat(lists...) {
		number, ok := Number(m.ID)
		if !ok {
			problems = append(problems, fmt.Errorf("%s begins with no number: name it as files are, such as 0001_create_events", m.ID))
			continue
		}
		files, byID[m.ID] = append(files, File{ID: m.ID, Number: number}), m
	}
	for _, two := range SameNumber(files) {
		problems = append(problems, fmt.Errorf("%s has the number of %s: which of them comes first? Number one of them anew",
			two[1].ID, two[0].ID))
	}
	if sequential {
		for _, two := range Gaps(files) {
			problems = append(problems, gapError(two))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	slices.SortFunc(files, CompareFiles)
	merged := make([]Migration, len(files))
	for i, file := range files {
		merged[i] = byID[file.ID]
	}
	return merged, nil
}

func gapError(two [2]File) error {
	missing := fmt.Sprintf("number %d is", two[0].Number+1)
	if two[1].Number-two[0].Number > 2 {
		missing = fmt.Sprintf("numbers %d to %d are", two[0].Number+1, two[1].Number-1)
	}
	return fmt.Errorf("%s follows %s, and %s missing: the group is sequential, number the files without a gap", two[1].ID, two[0].ID, missing)
}

// Gaps finds files before which a number is missing, each with the file that it
// follows, in the order of the numbers. The first number may be any.
func Gaps(files []File) [][2]File {
	var gaps [][2]File
	sorted := slices.SortedFunc(slices.Values(files), CompareFiles)
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Number-sorted[i-1].Number > 1 {
			gaps = append(gaps, [2]File{sorted[i-1], sorted[i]})
		}
	}
	return gaps
}

// CompareIDs orders IDs by the numbers that they begin with, as files are ordered.
// Where one has none, the texts decide.
func CompareIDs(a, b string) int {
	if digits(a) == digits(b) {
		return cmp.Compare(a, b) // as the numbers are ordered
	}
	first, numbered := Number(a)
	second, both := Number(b)
	if !numbered || !both {
		return cmp.Compare(a, b)
	}
	return cmp.Or(cmp.Compare(first, second), cmp.Compare(a, b))
}

// digits counts those that an ID begins with.
func digits(id string) int { return len(id) - len(strings.TrimLeft(id, "0123456789")) }

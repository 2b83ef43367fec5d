package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"github.com/skein-migrate/skein/nearest"
)

// LocalFile is read from beside skein.yaml, for local development: variables for
// those that the environment of the process does not have.
const LocalFile = ".env.local"

// environ is the environment of the process over what LocalFile says. Neither
// changes the other, so that what skein starts does not inherit a secret.
type environ struct {
	file  string // empty: there is none
	local map[string]string
}

// readEnviron reads the file in a directory, if it is there. A file that cannot be
// read is a problem, and an environ without it.
func readEnviron(dir string) (*environ, *Problem) {
	path := filepath.Join(dir, LocalFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &environ{}, nil
	}
	if err != nil {
		return &environ{}, &Problem{at: origin{file: path}, Text: err.Error()}
	}
	local, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		// What the library says repeats the rest of the file.
		at := origin{file: path, line: wrongLine(string(text))}
		return &environ{}, &Problem{at: at, Text: "want NAME=value on each line; what has spaces or $ goes in single quotes"}
	}
	return &environ{file: path, local: local}, nil
}

// wrongLine is the first line from which on no beginning of a file can be read.
func wrongLine(text string) int {
	lines := strings.SplitAfter(text, "\n")
	for n := len(lines) - 1; n > 0; n-- {
		if _, err := godotenv.Unmarshal(strings.Join(lines[:n], "")); err == nil {
			return n + 1
		}
	}
	return 1
}

func (e *environ) lookup(name string) (string, bool) {
	if value, ok := os.LookupEnv(name); ok {
		return value, true
	}
	value, ok := e.local[name]
	return value, ok
}

// get counts an empty variable as not set, as viper does.
func (e *environ) get(name string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return e.local[name]
}

// origin says whence a variable of skein's has its value.
func (e *environ) origin(name string) origin {
	if os.Getenv(name) == "" && e.local[name] != "" {
		return origin{variable: name, file: e.file}
	}
	return origin{variable: name}
}

// all is every variable, by name.
func (e *environ) all() map[string]string {
	all := maps.Clone(e.local)
	if all == nil {
		all = map[string]string{}
	}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		all[name] = value
	}
	return all
}

// stray reports variables that look as if they changed a key, and would be ignored.
func (e *environ) stray(source string, known map[string]string) []*Problem {
	var problems []*Problem
	for _, name := range slices.Sorted(maps.Keys(e.all())) {
		changes := strings.HasPrefix(name, "SKEIN_CLUSTERS_") || strings.HasPrefix(name, "SKEIN_COORDINATION_")
		if _, ok := known[name]; ok || !changes || e.get(name) == "" {
			continue
		}
		problems = append(problems, &Problem{
			at:   e.origin(name),
			Text: fmt.Sprintf("changes no key of %s%s", source, nearest.DidYouMean(name, slices.Sorted(maps.Keys(known)))),
		})
	}
	return problems
}

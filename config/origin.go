package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/skein-migrate/skein/journal"
)

// origin is where a value came from: a place in the file, or the name of a
// variable or flag.
type origin struct {
	file         string // of a variable: .env.local, if it stands there
	line, column int    // 0: the file as a whole
	environment  string // the section that it stands in, empty outside of environments
	variable     string // "SKEIN_…"
	flag         string // "--ddl"
}

// place is what an error begins with.
func (o origin) place() string {
	switch {
	case o.flag != "":
		return "flag " + o.flag
	case o.variable != "" && o.file != "":
		return fmt.Sprintf("%s (%s)", o.variable, o.file)
	case o.variable != "":
		return o.variable
	case o.line == 0:
		return o.file
	}
	if o.column == 0 {
		return fmt.Sprintf("%s:%d", o.file, o.line)
	}
	return fmt.Sprintf("%s:%d:%d", o.file, o.line, o.column)
}

// overrides says that it is a variable or a flag, over what a file says.
func (o origin) overrides() bool { return o.variable != "" || o.flag != "" }

func (o origin) String() string {
	if o.environment != "" && !o.overrides() {
		return fmt.Sprintf("environment %s (%s)", o.environment, o.place())
	}
	return o.place()
}

// origins maps keys such as "clusters[0].hosts[1]" to where their values came from.
type origins struct {
	file  string
	byKey map[string]origin
}

func (o origins) record(key string, from origin) { o.byKey[key] = from }

// forgetInside drops what a list or table was made of before it is replaced.
func (o origins) forgetInside(key string) {
	maps.DeleteFunc(o.byKey, func(known string, _ origin) bool {
		return strings.HasPrefix(known, key+"[") || strings.HasPrefix(known, key+".")
	})
}

// nearest is the origin of key, else of what encloses it, else the file.
func (o origins) nearest(key string) origin {
	for key != "" {
		if from, ok := o.byKey[key]; ok {
			return from
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return origin{file: o.file}
}

// Where is the place of a key for an error that is found later, such as
// "skein.yaml:7:5" for "clusters[0].cluster_name". A key that was not given has
// the place of what encloses it.
func (c *Config) Where(key string) string { return c.origins.nearest(key).place() }

// Origin says where the value of a key came from: "skein.yaml:7:5",
// "environment staging (skein.yaml:30:9)", "SKEIN_CLUSTERS_EVENTS_HOSTS",
// "SKEIN_CLUSTERS_EVENTS_HOSTS (.env.local)", "flag --ddl" or "default".
func (c *Config) Origin(key string) string {
	if from, ok := c.origins.byKey[key]; ok {
		return from.String()
	}
	return "default"
}

// Errorf makes a *journal.UsageError about the value of a key, with its place.
func (c *Config) Errorf(key, format string, args ...any) error {
	return usage([]*Problem{{at: c.origins.nearest(key), Text: fmt.Sprintf(format, args...)}})
}

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	at   origin
	key  string // the key that could not be read, if it is about one
	Text string
}

// Place is "file:line:column", or the variable or flag that is wrong.
func (p *Problem) Place() string { return p.at.place() }

func (p *Problem) Error() string { return p.at.place() + ": " + p.Text }

// usage makes one *journal.UsageError of problems, nil if there are none.
func usage(problems []*Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
	all := make([]error, len(problems))
	for i, problem := range problems {
		all[i] = problem
	}
	return &journal.UsageError{Err: errors.Join(all...)}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func thereAre(names []string) string {
	if len(names) == 0 {
		return " (there are none)"
	}
	return " (there are: " + strings.Join(names, ", ") + ")"
}

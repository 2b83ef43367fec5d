package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/journal"
)

// DefaultPath is the file that is read when none is named.
const DefaultPath = "skein.yaml"

// Options say what to read. The zero value reads ./skein.yaml and the
// SKEIN_ variables.
type Options struct {
	// Path names the file. It wins over --config and SKEIN_CONFIG.
	Path string
	// Env names the environment. It wins over --env and SKEIN_ENV.
	Env string
	// Flags are those of AddFlags, parsed. Nil: there are none.
	Flags *pflag.FlagSet
	// Viper binds the flags and variables. Nil: a new one.
	Viper *viper.Viper
}

// Load reads and checks the configuration. Precedence: flags, variables, the
// environment's section, the file. All that is wrong comes in one
// *journal.UsageError. Secrets are not read here: see Secret.Resolve.
func Load(options Options) (*Config, error) {
	o, err := newOverrides(options)
	if err != nil {
		return nil, err
	}
	path, environment := o.path(), o.environment()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, journal.Usagef("no configuration file %s%s: name another with --config FILE or SKEIN_CONFIG", path, here(path))
	}
	if err != nil {
		return nil, journal.Usagef("read the configuration: %w", err)
	}
	return parse(path, text, environment, o)
}

// here says where a relative path was looked for.
func here(path string) string {
	directory, err := os.Getwd()
	if filepath.IsAbs(path) || err != nil {
		return ""
	}
	return " in " + directory
}

func parse(path string, text []byte, environment string, o *overrides) (*Config, error) {
	c := &Config{
		Source:       path,
		Environment:  environment,
		Coordination: newCoordination(),
		origins:      origins{file: path, byKey: map[string]origin{}},
	}
	root, problem := document(path, text)
	if problem != nil {
		return nil, usage([]*Problem{problem})
	}
	if from := o.from("env", "SKEIN_ENV", "env"); from.override != "" {
		c.origins.record("environment", from)
	}
	r := &reader{dir: filepath.Dir(path), origins: c.origins}
	c.readFile(r, root, environment)
	problems := append(r.problems, o.apply(c)...)
	problems = append(problems, elsewhere(c.finish(), problems)...)
	if err := usage(problems); err != nil {
		return nil, err
	}
	return c, nil
}

// elsewhere drops what is about a key that could not be read: it would be
// reported again as missing.
func elsewhere(found, known []*Problem) []*Problem {
	return slices.DeleteFunc(found, func(p *Problem) bool {
		return slices.ContainsFunc(known, func(k *Problem) bool {
			return k.key != "" && (p.key == k.key || strings.HasPrefix(p.key, k.key+".") || strings.HasPrefix(p.key, k.key+"["))
		})
	})
}

// document reads the one document of a file, without looking into it.
func document(path string, text []byte) (*yaml.Node, *Problem) {
	at := origin{file: path}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root, second yaml.Node
	err := decoder.Decode(&root)
	if errors.Is(err, io.EOF) || err == nil && (len(root.Content) == 0 || isNull(root.Content[0])) {
		return nil, &Problem{at: at, Text: "the file is empty: it needs clusters and coordination"}
	}
	if err == nil {
		err = decoder.Decode(&second)
		if errors.Is(err, io.EOF) {
			return root.Content[0], nil
		}
	}
	if err == nil {
		at.line, at.column = second.Line, second.Column
		return nil, &Problem{at: at, Text: "a second document (---): the file must be one"}
	}
	return nil, syntaxProblem(at, err)
}

// syntaxProblem makes "file:line:1: what" of "yaml: line 3: what".
func syntaxProblem(at origin, err error) *Problem {
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	if match := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(what); match != nil {
		at.line, _ = strconv.Atoi(match[1])
		at.column, what = 1, what[len(match[0]):]
	}
	if strings.HasPrefix(what, "unknown anchor") {
		// The parser repeats what follows the *, which may be a password.
		what = "an alias (*) without its anchor (&): a value that begins with * must be quoted"
	}
	return &Problem{at: at, Text: fmt.Sprintf("not YAML: %s", what)}
}

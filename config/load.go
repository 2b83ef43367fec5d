package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/config/yamlnode"
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
	root, problem := yamlnode.Document(path, text)
	switch {
	case problem != nil:
		return nil, &Problem{at: origin{file: path, line: problem.Line, column: problem.Column}, Text: problem.Text}
	case root == nil:
		return nil, &Problem{at: origin{file: path}, Text: "the file is empty: it needs clusters and coordination"}
	}
	return root, nil
}

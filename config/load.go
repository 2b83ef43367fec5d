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

	"github.com/skein-migrate/skein/config/secret"
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

// Load reads and checks the configuration. Precedence: flags, variables, those of
// .env.local, the environment's section, the file. All that is wrong comes in one
// *journal.UsageError. Secrets are not read here: see Secret.Resolve and Check.
func Load(options Options) (*Config, error) {
	c, problems, err := read(options)
	if err == nil {
		err = usage(problems)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// read is Load, with what could be read of a file that has something wrong in it.
func read(options Options) (*Config, []*Problem, error) {
	o, err := newOverrides(options)
	if err != nil {
		return nil, nil, err
	}
	path := o.path()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		hint := ""
		if path == DefaultPath {
			hint = "; skein init writes one"
		}
		return nil, nil, journal.Usagef("no configuration file %s%s: name another with --config FILE or SKEIN_CONFIG%s", path, here(path), hint)
	}
	if err != nil {
		return nil, nil, journal.Usagef("read the configuration: %w", err)
	}
	environ, problem := readEnviron(filepath.Dir(path))
	o.under(environ)
	c, problems := parse(path, text, o)
	if problem != nil {
		problems = append(problems, problem)
	}
	return c, problems, nil
}

// here says where a relative path was looked for.
func here(path string) string {
	directory, err := os.Getwd()
	if filepath.IsAbs(path) || err != nil {
		return ""
	}
	return " in " + directory
}

// parse returns nil for what is not YAML.
func parse(path string, text []byte, o *overrides) (*Config, []*Problem) {
	dir := filepath.Dir(path)
	c := &Config{
		Source:       path,
		Environment:  o.environment(),
		LocalFile:    o.environ.file,
		Coordination: newCoordination(),
		AWS:          newAWS(),
		origins:      origins{file: path, byKey: map[string]origin{}},
		environ:      o.environ,
		secrets:      &secret.Reader{Dir: dir, Lookup: o.environ.lookup},
	}
	root, problem := document(path, text)
	if problem != nil {
		return nil, []*Problem{problem}
	}
	if from := o.from("env", "SKEIN_ENV", "env"); from.overrides() {
		c.origins.record("environment", from)
	}
	r := &reader{dir: dir, secrets: c.secrets, origins: c.origins}
	c.readFile(r, root, c.Environment)
	problems := append(r.problems, o.apply(c)...)
	problems = append(problems, elsewhere(c.finish(), problems)...)
	c.secrets.AWS = c.AWS
	return c, problems
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

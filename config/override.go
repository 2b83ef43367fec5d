package config

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/skein-migrate/skein/journal"
)

// AddFlags declares the flags that Load reads.
func AddFlags(flags *pflag.FlagSet) {
	flags.String("config", "", "configuration `file` (SKEIN_CONFIG; default ./skein.yaml)")
	flags.String("env", "", "`environment` of the configuration to use (SKEIN_ENV)")
	flags.String("ddl", "", "how statements reach the nodes of all clusters: on_cluster or direct")
	flags.Int("node-concurrency", 0, "ask, or send a statement to, so many `nodes` of a cluster at the same time (default 256)")
}

// overrides are the flags and variables, bound by viper.
type overrides struct {
	viper   *viper.Viper
	flags   *pflag.FlagSet
	options Options
	environ *environ
}

func newOverrides(options Options) (*overrides, error) {
	o := &overrides{viper: options.Viper, flags: options.Flags, options: options}
	if o.viper == nil {
		o.viper = viper.New()
	}
	for _, bound := range []struct{ key, variable, flag string }{
		{"config", "SKEIN_CONFIG", "config"},
		{"env", "SKEIN_ENV", "env"},
		{"ddl", "", "ddl"},
		{concurrency, "", concurrency},
	} {
		if err := o.bind(bound.key, bound.variable, bound.flag); err != nil {
			return nil, journal.Usagef("bind --%s: %w", bound.flag, err)
		}
	}
	return o, nil
}

func (o *overrides) bind(key, variable, flag string) error {
	if variable != "" {
		if err := o.viper.BindEnv(key, variable); err != nil {
			return err
		}
	}
	if f := o.flag(flag); f != nil {
		return o.viper.BindPFlag(key, f)
	}
	return nil
}

func (o *overrides) flag(name string) *pflag.Flag {
	if o.flags == nil || name == "" {
		return nil
	}
	return o.flags.Lookup(name)
}

func (o *overrides) path() string {
	if o.options.Path != "" {
		return o.options.Path
	}
	if path := o.viper.GetString("config"); path != "" {
		return path
	}
	return DefaultPath
}

func (o *overrides) environment() string {
	if o.options.Env != "" {
		return o.options.Env
	}
	return o.viper.GetString("env")
}

// under puts what .env.local says below the variables of the process.
func (o *overrides) under(e *environ) {
	o.environ = e
	if name := e.local["SKEIN_ENV"]; name != "" {
		o.viper.SetDefault("env", name)
	}
}

// from says which of a flag and a variable gave a value, zero if neither did.
func (o *overrides) from(key, variable, flag string) origin {
	if f := o.flag(flag); f != nil && f.Changed {
		return origin{flag: "--" + flag}
	}
	if variable != "" && o.viper.GetString(key) != "" {
		return o.environ.origin(variable)
	}
	return origin{}
}

// variable is one SKEIN_ variable and what it sets.
type variable struct {
	name, key string
	set       func(value string) error
}

// apply sets what the variables and then the flags say.
func (o *overrides) apply(c *Config) []*Problem {
	var problems []*Problem
	known := map[string]string{}
	for _, v := range c.variables() {
		from := o.environ.origin(v.name)
		if other, taken := known[v.name]; taken && o.environ.get(v.name) != "" {
			problems = append(problems, &Problem{at: from, Text: "means both " + other + " and " + v.key})
			continue
		}
		known[v.name] = v.key
		if err := o.bind(v.name, v.name, ""); err != nil {
			problems = append(problems, &Problem{at: from, Text: err.Error()})
			continue
		}
		if local := o.environ.local[v.name]; local != "" {
			o.viper.SetDefault(v.name, local)
		}
		value := o.viper.GetString(v.name)
		if value == "" {
			continue
		}
		if err := v.set(value); err != nil {
			problems = append(problems, &Problem{at: from, key: v.key, Text: v.key + ": " + err.Error()})
		}
		c.origins.record(v.key, from)
		c.origins.forgetInside(v.key)
	}
	problems = append(problems, o.environ.stray(c.Source, known)...)
	switch ddl := DDL(o.viper.GetString("ddl")); ddl {
	case "":
	case OnCluster, Direct:
		for i := range c.Clusters {
			if cluster := &c.Clusters[i]; !cluster.SingleNode {
				cluster.DDL = ddl
				c.origins.record(cluster.Key("ddl"), o.from("ddl", "", "ddl"))
			}
		}
	default:
		problems = append(problems, &Problem{at: o.from("ddl", "", "ddl"), Text: fmt.Sprintf("%q is neither %s nor %s", ddl, OnCluster, Direct)})
	}
	return append(problems, o.concurrency(c)...)
}

// concurrency is a flag for all clusters.
const concurrency = "node-concurrency"

func (o *overrides) concurrency(c *Config) []*Problem {
	from := o.from(concurrency, "", concurrency)
	if from == (origin{}) {
		return nil
	}
	n := o.viper.GetInt(concurrency)
	if n < 1 || n > mostCounted {
		return []*Problem{{at: from, Text: fmt.Sprintf("want a number from 1 to %d, have %d", mostCounted, n)}}
	}
	for i := range c.Clusters {
		c.Clusters[i].NodeConcurrency = n
		c.origins.record(c.Clusters[i].Key("node_concurrency"), from)
	}
	return nil
}

func (c *Config) variables() []variable {
	text := func(into *string) func(string) error {
		return func(value string) error { *into = value; return nil }
	}
	list := func(into *[]string) func(string) error {
		return func(value string) error { *into = splitList(value); return nil }
	}
	secret := func(into *Secret) func(string) error {
		return func(value string) (err error) { *into, err = parseSecret(value, c.secrets); return err }
	}
	co := &c.Coordination
	variables := []variable{
		{"SKEIN_COORDINATION_ZOOKEEPER", "coordination.zookeeper", list(&co.ZooKeeper)},
		{"SKEIN_COORDINATION_ROOT", "coordination.root", text(&co.Root)},
		{"SKEIN_COORDINATION_LOCK", "coordination.lock", func(value string) error { co.Lock = Lock(value); return nil }},
		{"SKEIN_COORDINATION_AUTH", "coordination.auth", secret(&co.Auth)},
	}
	for i := range c.Clusters {
		cluster := &c.Clusters[i]
		prefix := "SKEIN_CLUSTERS_" + variableName(cluster.Name) + "_"
		variables = append(variables,
			variable{prefix + "HOSTS", cluster.Key("hosts"), list(&cluster.Hosts)},
			variable{prefix + "USER", cluster.Key("user"), text(&cluster.User)},
			variable{prefix + "PASSWORD", cluster.Key("password"), secret(&cluster.Password)},
			variable{prefix + "DATABASE", cluster.Key("database"), text(&cluster.Database)},
			variable{prefix + "DDL", cluster.Key("ddl"), func(value string) error { cluster.DDL = DDL(value); return nil }},
		)
	}
	return variables
}

// variableName writes a cluster's name as a part of a variable's name.
func variableName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}

func splitList(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

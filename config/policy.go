package config

import (
	"slices"

	"github.com/skein-migrate/skein/migration"
)

// readPolicy reads which groups are migrated at all. An environment's lists replace
// those of the file.
func (c *Config) readPolicy(s *section) {
	if !s.describes("readiness", object{"type": "array", "items": object{"enum": anys(readinesses())}}, c.Readiness) {
		words := make([]string, len(c.Readiness))
		for i, state := range c.Readiness {
			words[i] = string(state)
		}
		s.list("readiness", &words)
		c.Readiness = nil
		for _, word := range words {
			c.Readiness = append(c.Readiness, migration.Readiness(word))
		}
	}
	s.list("skip_groups", &c.SkipGroups)
}

func (g *Group) readOptional(s *section) {
	if s.describes("optional", object{"type": "boolean"}, g.Optional) {
		return
	}
	var optional bool
	s.flag("optional", &optional)
	if s.has("optional") {
		g.Optional = &optional
	}
}

func (k *checker) policy(c *Config) {
	for i, state := range c.Readiness {
		key := indexed("readiness", i)
		switch {
		case !slices.Contains(migration.Readinesses(), state):
			k.wrong(key, "unknown value %q, use some of %v", state, migration.Readinesses())
		case slices.Contains(c.Readiness[:i], state):
			k.wrong(key, "%q is there twice", state)
		}
	}
	for i, name := range c.SkipGroups {
		k.name(indexed("skip_groups", i), name)
	}
}

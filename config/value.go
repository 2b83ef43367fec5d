package config

import (
	"strings"
	"time"

	"github.com/skein-migrate/skein/migration"
)

// Value is one key of the configuration in effect.
type Value struct {
	Key string `json:"key"` // clusters[0].connect.retries
	// Value is a string, bool, int, []string or map[string]string; durations are text,
	// and a secret is its reference, or "(hidden)" if it was written out.
	Value  any    `json:"value"`
	Source Source `json:"source"`
	Origin string `json:"origin"` // see Config.Origin
}

// Source is what kind of thing gave a value.
type Source string

// The sources, the strongest first.
const (
	FromFlag        Source = "flag"
	FromVariable    Source = "variable"
	FromEnvironment Source = "environment"
	FromFile        Source = "file"
	FromDefault     Source = "default"
)

// hidden stands for a secret that is written out in a file or a variable.
const hidden = "(hidden)"

// Values are the keys that have a value, a default included. No secret is read.
func (c *Config) Values() []Value {
	_, keys := c.ask()
	var values []Value
	without := "" // the keys of a TLS that is off
	for _, key := range keys {
		if without != "" && strings.HasPrefix(key.path, without) {
			continue
		}
		if t, ok := key.value.(*TLS); ok && t == nil {
			without = key.path + "."
		}
		if value := shown(key.value); value != nil {
			values = append(values, Value{Key: key.path, Value: value, Source: c.source(key.path), Origin: c.Origin(key.path)})
		}
	}
	return values
}

func (c *Config) source(key string) Source {
	from, given := c.origins.byKey[key]
	switch {
	case !given:
		return FromDefault
	case from.flag != "":
		return FromFlag
	case from.variable != "":
		return FromVariable
	case from.environment != "":
		return FromEnvironment
	}
	return FromFile
}

// shown is a value as people may see it, nil for none.
func shown(value any) any {
	switch value := value.(type) {
	case Secret:
		switch {
		case value.literal != nil:
			return hidden
		case value.reference != "":
			return value.reference
		}
	case string:
		if value != "" {
			return value
		}
	case bool, int:
		return value
	case *bool:
		if value != nil {
			return *value
		}
	case *TLS:
		return value != nil
	case time.Duration:
		return short(value)
	case []string:
		if len(value) > 0 {
			return value
		}
	case []migration.Readiness:
		words := make([]string, len(value))
		for i, state := range value {
			words[i] = string(state)
		}
		return shown(words)
	case map[string]string:
		if len(value) > 0 {
			return value
		}
	}
	return nil
}

// short writes 5m and 1h for what time.Duration calls 5m0s and 1h0m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

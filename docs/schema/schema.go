// Package schema holds the JSON Schemas of the files that people write, and of the
// events that programs read, for `skein schema` and for editors. They are made of the types by `make golden`.
package schema

import _ "embed" // the schemas

//go:embed migration.json
var migration string

//go:embed skein.json
var config string

//go:embed events.schema.json
var events string

// Migration is the schema of a YAML migration.
func Migration() string { return migration }

// Config is the schema of skein.yaml.
func Config() string { return config }

// Events is the schema of a line of --events.
func Events() string { return events }

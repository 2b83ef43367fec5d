package ops

// Attribute is a column of a dictionary. Default is a literal: 26.7 refuses an
// expression there (62). Expression is computed where the source is read.
type Attribute struct {
	Name         string `json:"name" yaml:"name"`
	Type         string `json:"type" yaml:"type"`
	Default      string `json:"default,omitempty" yaml:"default,omitempty"` // SQL: "'none'", "0"
	Expression   string `json:"expression,omitempty" yaml:"expression,omitempty"`
	Hierarchical bool   `json:"hierarchical,omitempty" yaml:"hierarchical,omitempty"` // holds the parent's key
	Injective    bool   `json:"injective,omitempty" yaml:"injective,omitempty"`
	ObjectID     bool   `json:"object_id,omitempty" yaml:"object_id,omitempty"` // of MongoDB
}

// SourceKind names where a dictionary's rows come from, as ClickHouse writes it.
type SourceKind string

// The usual sources. Any other word is taken too: servers gain sources.
const (
	SourceClickHouse SourceKind = "CLICKHOUSE"
	SourceHTTP       SourceKind = "HTTP"
	SourceFile       SourceKind = "FILE"
	SourceExecutable SourceKind = "EXECUTABLE"
	SourceMySQL      SourceKind = "MYSQL"
	SourcePostgreSQL SourceKind = "POSTGRESQL"
	SourceMongoDB    SourceKind = "MONGODB"
	SourceRedis      SourceKind = "REDIS"
	SourceODBC       SourceKind = "ODBC"
	SourceNull       SourceKind = "NULL" // no rows at all
)

// DictionarySource is where a dictionary's rows come from: a kind with its
// arguments, or Raw, all that stands in the brackets of SOURCE.
//
//	ops.DictionarySource{Kind: ops.SourceMySQL, Arguments: []ops.Argument{
//		{Name: "HOST", Value: "db"}, {Name: "PORT", Value: "3306"}, {Name: "USER", Value: "reader"},
//		{Name: "PASSWORD", Value: "{secret:MYSQL}"}, {Name: "DB", Value: "shop"}, {Name: "TABLE", Value: "countries"},
//	}}
//
// Servers hide passwords from who reads the definition, but not the values of HTTP
// headers: keep secrets out of them.
type DictionarySource struct {
	Kind      SourceKind `json:"kind,omitempty" yaml:"kind,omitempty"`
	Arguments []Argument `json:"arguments,omitempty" yaml:"arguments,omitempty"`
	Raw       string     `json:"raw,omitempty" yaml:"raw,omitempty"`
}

// Argument is one key with its value, or with arguments of its own:
// CREDENTIALS(USER 'u' PASSWORD '{secret:NAME}'). In Value {db} stands for the
// quoted database of the dictionary.
type Argument struct {
	Name      string     `json:"name" yaml:"name"`
	Value     string     `json:"value,omitempty" yaml:"value,omitempty"`
	Arguments []Argument `json:"arguments,omitempty" yaml:"arguments,omitempty"`
}

// Layout is how a dictionary is kept: FLAT, HASHED, COMPLEX_KEY_HASHED,
// RANGE_HASHED, CACHE, IP_TRIE, DIRECT…, with parameters such as SHARDS.
type Layout struct {
	Kind       string     `json:"kind,omitempty" yaml:"kind,omitempty"`
	Parameters []Argument `json:"parameters,omitempty" yaml:"parameters,omitempty"`
}

// Lifetime is after how many seconds a dictionary is read again: a time between
// the two, by chance. Both 0: never by itself.
type Lifetime struct {
	Min int `json:"min,omitempty" yaml:"min,omitempty"`
	Max int `json:"max,omitempty" yaml:"max,omitempty"`
}

// DictionaryRange names the attributes that a RANGE_HASHED layout looks between.
type DictionaryRange struct {
	Min string `json:"min,omitempty" yaml:"min,omitempty"`
	Max string `json:"max,omitempty" yaml:"max,omitempty"`
}

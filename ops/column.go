package ops

// DefaultKind is how a column gets a value that an INSERT leaves out.
type DefaultKind string

// The kinds of default expression.
const (
	Default      DefaultKind = "DEFAULT"
	Materialized DefaultKind = "MATERIALIZED"
	Alias        DefaultKind = "ALIAS"
	Ephemeral    DefaultKind = "EPHEMERAL"
)

// Property is what a column may have beside its name and type.
type Property string

// The properties, as REMOVE names them.
const (
	PropertyDefault      Property = "DEFAULT"
	PropertyMaterialized Property = "MATERIALIZED"
	PropertyAlias        Property = "ALIAS"
	PropertyComment      Property = "COMMENT"
	PropertyCodec        Property = "CODEC"
	PropertyTTL          Property = "TTL"
)

// Column is a column's definition. Type and Expression are ClickHouse's own
// text; Name and Comment are quoted for you.
type Column struct {
	Name string `json:"name" yaml:"name"`
	Type string `json:"type" yaml:"type"`
	// Kind says what Expression is; DEFAULT when Expression is set and Kind is not.
	Kind       DefaultKind `json:"kind,omitempty" yaml:"kind,omitempty"`
	Expression string      `json:"expression,omitempty" yaml:"expression,omitempty"`
	Codec      string      `json:"codec,omitempty" yaml:"codec,omitempty"` // "Delta, ZSTD(1)"
	TTL        string      `json:"ttl,omitempty" yaml:"ttl,omitempty"`
	Comment    string      `json:"comment,omitempty" yaml:"comment,omitempty"`
}

// Index is a data-skipping index.
type Index struct {
	Name        string `json:"name" yaml:"name"`
	Expression  string `json:"expression" yaml:"expression"`
	Type        string `json:"type" yaml:"type"`                                   // "bloom_filter(0.01)"
	Granularity int    `json:"granularity,omitempty" yaml:"granularity,omitempty"` // 1 when 0
}

package ops

import "strings"

// PartKind names a part of a table's definition beside its columns.
type PartKind string

// The parts of a definition. Those in capitals are clauses: a table has one at
// most, and it has no name.
const (
	PartIndex      PartKind = "index"
	PartProjection PartKind = "projection"
	PartConstraint PartKind = "constraint"
	PartSetting    PartKind = "setting"
	PartOrderBy    PartKind = "ORDER BY"
	PartSampleBy   PartKind = "SAMPLE BY"
	PartTTL        PartKind = "TTL"
	PartComment    PartKind = "COMMENT"
)

// PartIs holds where the table has the part as stated. Text is what CREATE
// TABLE takes behind the part's name:
//
//	index       expression TYPE bloom_filter(0.01) GRANULARITY 1
//	projection  (SELECT … ORDER BY …)
//	constraint  CHECK expression
//	setting     its value
//	a clause    what follows its keyword
//
// An empty Text, but that of a comment, asks for its existence alone.
type PartIs struct {
	Table Table
	Kind  PartKind
	Name  string
	Text  string
}

// PartGone holds where the table exists and has no such part.
type PartGone struct {
	Table Table
	Kind  PartKind
	Name  string
}

func partSubject(t Table, kind PartKind, name string) string {
	return strings.TrimSuffix(string(kind)+" "+t.String()+"."+name, ".")
}

// Subject implements Condition.
func (c PartIs) Subject() string { return partSubject(c.Table, c.Kind, c.Name) }

// Subject implements Condition.
func (c PartGone) Subject() string { return partSubject(c.Table, c.Kind, c.Name) }

// OnTables implements Condition.
func (c PartIs) OnTables() []Table { return []Table{c.Table} }

// OnTables implements Condition.
func (c PartGone) OnTables() []Table { return []Table{c.Table} }

func (PartIs) condition()   {}
func (PartGone) condition() {}

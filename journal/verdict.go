package journal

// Verdict compares a node with a condition.
type Verdict int

// The verdicts.
const (
	// Holds: the node is as the condition says.
	Holds Verdict = iota
	// NotYet: it is not, and may still become so.
	NotYet
	// Conflict: something else is there; waiting does not help.
	Conflict
	// Unreachable: the node does not answer, so nobody knows.
	Unreachable
)

func (v Verdict) String() string {
	return [...]string{"holds", "not yet", "conflict", "unreachable"}[v]
}

// NodeVerdict is how one node stands to all conditions of a statement: the
// worst of them, with why.
type NodeVerdict struct {
	Node    string
	Verdict Verdict
	Why     string
}

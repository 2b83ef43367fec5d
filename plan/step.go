package plan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Execution is what a step needs from the run that it belongs to.
type Execution struct {
	RunID string
	// Confirm proves by a round trip that the run still holds its lock. It comes
	// before every send.
	Confirm func(context.Context) error
	Emit    journal.Sink
	// Mutations says that a predecessor's mutations are waited for too.
	Mutations bool
}

// Step is a statement with every decision made.
type Step struct {
	Key       journal.Key // its migration
	Index, Of int         // from 1, within its migration
	Statement ops.Statement
	Text      string // what is sent
	Cluster   string // the configured cluster
	OnCluster string // the cluster that ON CLUSTER names; empty: sent directly
	// Nodes are all nodes that the statement is for: its conditions must hold
	// on each of them.
	Nodes []journal.Node
	// Groups are the nodes by who has to run it: one healthy node of each group
	// does. With ON CLUSTER that is a description only.
	Groups [][]journal.Node
	// LeftOut are the nodes that it would be for too, if the run did not go on
	// without them.
	LeftOut []journal.Node
	// Shared says that what was done elsewhere reaches them without their being
	// asked, through replication, or was to be done by one node for all.
	Shared bool
	Hash   string // of what it does, whatever the nodes
	// Was are the identities of tables when the step's turn comes, by TableKey;
	// nil where that is not known.
	Was map[string]string
}

// Only returns the step for fewer nodes, sent to them directly: every group
// that has one of the wanted nodes keeps just those.
func (s Step) Only(wanted map[string]bool) Step {
	out := s
	out.Nodes, out.Groups, out.OnCluster = nil, nil, ""
	for _, node := range s.Nodes {
		if wanted[node.Name()] {
			out.Nodes = append(out.Nodes, node)
		}
	}
	for _, group := range s.Groups {
		var kept []journal.Node
		for _, node := range group {
			if wanted[node.Name()] {
				kept = append(kept, node)
			}
		}
		if len(kept) > 0 {
			out.Groups = append(out.Groups, kept)
		}
	}
	if s.Statement.Call == nil {
		out.Text = s.Statement.SQL("")
	}
	return out
}

func hash(stmt *ops.Statement) string {
	const usual = 1 << 10
	text := make([]byte, 0, usual)
	for _, part := range []string{string(stmt.Place.StorageSet), string(stmt.Place.Target), stmt.Scope.String()} {
		text = append(append(text, part...), 0)
	}
	text = stmt.AppendSQL(text, "")
	if stmt.Call != nil {
		text = fmt.Appendf(text, "\x00%s\x00%d", stmt.Call.Name, stmt.Call.Version)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Directly returns the step sent to its nodes without ON CLUSTER.
func (s Step) Directly() Step {
	all := make(map[string]bool, len(s.Nodes))
	for _, node := range s.Nodes {
		all[node.Name()] = true
	}
	return s.Only(all)
}

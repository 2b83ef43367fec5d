package simulated

import (
	"fmt"
	"strings"
)

// Node is one simulated server, and the words in which its answers differ from those of the
// others. All numbers have as many digits on each node, so that an answer is as long on
// each of them, and the words of one can be written over those of another.
type Node struct {
	Shard, Replica int // from 1; 0 and 0 is the node of the recording
	Number         int // over all shards, from 1; 0 in the recording
	Port           int
}

// Recorded is the node that a recording speaks of.
func Recorded() Node { return Node{} }

// ShardMacro is what the node has for {shard}.
func (n Node) ShardMacro() string { return fmt.Sprintf("s-%04d", n.Shard) }

// ReplicaMacro is what the node has for {replica}: it is of no other node.
func (n Node) ReplicaMacro() string { return fmt.Sprintf("r-%04d-%d", n.Shard, n.Replica) }

// UUIDs is how the UUIDs of the node's tables begin: each node makes its own.
func (n Node) UUIDs() string { return fmt.Sprintf("5eed%04x-", n.Number) }

// words are those by which the answers of nodes differ, in one order for all nodes.
func (n Node) words() []string { return []string{n.ShardMacro(), n.ReplicaMacro(), n.UUIDs()} }

// Clock stands in a recording for the time of the server's clock.
const Clock = "1000000000"

// AsRecorded is a text with the words of the recording in place of the node's.
func (n Node) AsRecorded(text string) string { return translate(text, n, Recorded()) }

func translate(text string, from, to Node) string {
	for i, word := range from.words() {
		text = strings.ReplaceAll(text, word, to.words()[i])
	}
	return text
}

// nodes are those of a cluster of shards with so many replicas each, shard by shard; the last
// shard may have fewer.
func nodes(count, replicas int) []Node {
	out := make([]Node, count)
	for i := range out {
		out[i] = Node{Shard: i/replicas + 1, Replica: i%replicas + 1, Number: i + 1}
	}
	return out
}

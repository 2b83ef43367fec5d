package validate

import "github.com/skein-migrate/skein/ops"

// Environment says on which configured cluster a place is, by name, and what
// operations render from there. Places with one name share their nodes.
type Environment func(ops.Place) (cluster string, env ops.Env)

// Synthetic puts every storage set on one multi-node cluster of today, with
// every feature, so that what depends on a cluster is found without one. It is
// an Environment.
func Synthetic(ops.Place) (string, ops.Env) {
	return "cluster", ops.Env{
		LocalCluster: "cluster", DistCluster: "cluster_dist", Database: "default",
		Features: allFeatures(), Version: ops.Version{Major: 26, Minor: 7},
	}
}

// remembered asks once for each place.
func (at Environment) remembered() Environment {
	type answer struct {
		cluster string
		env     ops.Env
	}
	answers := map[ops.Place]answer{}
	return func(place ops.Place) (string, ops.Env) {
		a, known := answers[place]
		if !known {
			a.cluster, a.env = at(place)
			answers[place] = a
		}
		return a.cluster, a.env
	}
}

func allFeatures() map[ops.Feature]bool {
	features := map[ops.Feature]bool{}
	for _, feature := range ops.Features() {
		features[feature] = true
	}
	return features
}

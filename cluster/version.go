package cluster

import "github.com/skein-migrate/skein/ops"

// Since says since which version ClickHouse has each feature, by its changelog
// where no other source is named. It is the one place where that is written.
func Since() map[ops.Feature]ops.Version {
	since := func(major, minor, patch int) ops.Version {
		return ops.Version{Major: major, Minor: minor, Patch: patch}
	}
	return map[ops.Feature]ops.Version{
		ops.FeatureIfExists: since(19, 1, 6),
		// On 18.16 two replicas that race for one such entry were seen to end the
		// loser's DDL worker ("Node exists … Terminating") until its server is
		// restarted. Since when that is mended is not known; 20.3 is a guess.
		ops.FeatureAlterOnCluster: since(20, 3, 0),
		// Both are in 19.1, but Replicated tables have them right only from here.
		ops.FeatureColumnComment: since(19, 3, 6),
		ops.FeatureCodec:         since(19, 3, 6),
		ops.FeatureTableTTL:      since(19, 6, 2),
		// 19.3 has them behind an experimental setting.
		ops.FeatureIndexes:        since(20, 1, 2),
		ops.FeatureAddColumnFirst: since(20, 6, 3),
		ops.FeatureModifyRemove:   since(20, 10, 3),
		ops.FeatureTableComment:   since(21, 6, 0),
		// From memory, seen on 26.7 only.
		ops.FeatureEphemeral:          since(22, 4, 0),
		ops.FeatureReplacingIsDeleted: since(23, 2, 0),
	}
}

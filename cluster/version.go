package cluster

import "github.com/skein-migrate/skein/ops"

// Since says since which version ClickHouse has each feature. It is the one
// place where that is written.
func Since() map[ops.Feature]ops.Version {
	since := func(major, minor int) ops.Version { return ops.Version{Major: major, Minor: minor} }
	return map[ops.Feature]ops.Version{
		ops.FeatureAddColumnFirst:     since(20, 5),
		ops.FeatureIfExists:           since(19, 1),
		ops.FeatureIndexes:            since(20, 1),
		ops.FeatureCodec:              since(19, 1),
		ops.FeatureTableTTL:           since(19, 6),
		ops.FeatureColumnComment:      since(19, 1),
		ops.FeatureTableComment:       since(21, 6),
		ops.FeatureDropSync:           since(20, 10),
		ops.FeatureSettingsOnDDL:      since(19, 9),
		ops.FeatureEphemeral:          since(22, 3),
		ops.FeatureReplacingIsDeleted: since(23, 2),
	}
}
